using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>Builds the JSON line of an event that the cluster itself reports, keys in the order of the real one.</summary>
internal static class OwnEvent
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="fields">Writes the event's own keys behind the common ones.</param>
    public static byte[] Create(string type, string code, string cluster, DateTimeOffset now, Action<Utf8JsonWriter> fields)
    {
        using var line = new MemoryStream();
        using (var writer = new Utf8JsonWriter(line, Options))
        {
            writer.WriteStartObject();
            writer.WriteNumber("ei", 0);
            writer.WriteString("event", type);
            writer.WriteString("uid", Guid.NewGuid().ToString());
            writer.WriteString("code", code);
            writer.WriteString("time", LogTime.Format(now));
            writer.WriteString("cluster_name", cluster);
            fields(writer);
            writer.WriteEndObject();
        }
        return line.ToArray();
    }

    public static void WriteUnlessEmpty(this Utf8JsonWriter writer, string key, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            writer.WriteString(key, value);
    }

    public static void WriteStrings(this Utf8JsonWriter writer, string key, IEnumerable<string> values)
    {
        writer.WriteStartArray(key);
        foreach (var value in values)
            writer.WriteStringValue(value);
        writer.WriteEndArray();
    }
}
