using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Cluster.AuditLog;
using Gatehouse.Cluster.Storage;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Cluster.Tests;

/// <summary>Things tests need some of.</summary>
internal static class Some
{
    public static byte[] Event(string uid, string time, string type = "user.login", string filler = "") =>
        Encoding.UTF8.GetBytes($$"""{"ei":0,"event":"{{type}}","uid":"{{uid}}","code":"T1000I","time":"{{time}}","cluster_name":"c","note":"{{filler}}"}""");

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    public static EventLog Log(string folder, TimeProvider? time = null, EventLogOptions? options = null) =>
        // Unless a test says otherwise nothing is sealed by age.
        EventLog.Open(DataDirectory.Open(folder), options ?? new EventLogOptions { SealAfter = TimeSpan.FromHours(1) }, time ?? TimeProvider.System, NullLoggerFactory.Instance);

    public static SearchRequest Search(int limit = 1000, bool newestFirst = false) =>
        new(long.MinValue / 2, long.MaxValue / 2, new HashSet<string>(), limit, newestFirst, null);

    /// <summary>Ids of all events, in the order of time, page by page.</summary>
    public static List<string> Ids(EventLog log, SearchRequest request)
    {
        var ids = new List<string>();
        while (true)
        {
            var page = EventsUnstructured.Parser.ParseFrom(new EventSearch(log).Page(request, default).Span);
            ids.AddRange(page.Items.Select(item => item.Id));
            if (page.LastKey.Length == 0)
                return ids;
            request = request with { After = SearchPosition.Parse(page.LastKey) };
        }
    }

    /// <summary>Events of a day's chunks: chunk, id, cursor.</summary>
    public static async Task<List<(string Chunk, string Id, string Cursor)>> ExportAsync(EventLog log, DateOnly day)
    {
        var export = new ChunkExport(log);
        var events = new List<(string, string, string)>();
        foreach (var chunk in export.Chunks(day).ToList())
        {
            foreach (var message in await MessagesAsync(export.Find(day, chunk)!, 0))
            {
                var item = ExportEventUnstructured.Parser.ParseFrom(message);
                events.Add((chunk, item.Event.Id, item.Cursor));
            }
        }
        return events;
    }

    /// <summary>A chunk's messages from a position on, taken out of gRPC's framing.</summary>
    public static async Task<List<byte[]>> MessagesAsync(Segment chunk, int skip)
    {
        using var stream = new MemoryStream();
        await ChunkExport.StreamAsync(chunk, skip, block => stream.WriteAsync(block), default);
        var (bytes, messages) = (stream.ToArray(), new List<byte[]>());
        for (var at = 0; at < bytes.Length; at += 5 + messages[^1].Length)
            messages.Add(bytes.AsSpan(at + 5, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 1))).ToArray());
        return messages;
    }

    public static JsonNode Json(EventUnstructured item) => JsonNode.Parse(JsonFormatter.Default.Format(item.Unstructured))!;
}
