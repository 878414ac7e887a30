using System.Text.Json;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>Gathers lines <c>{"sid", "event"}</c> by session. Files hold a session in one piece as a rule, so it is written when another begins.</summary>
internal sealed class ImportRecordings(RecordingStore store)
{
    /// <summary>A longer session is written in several steps.</summary>
    private const int MaxGatheredBytes = 32 * 1024 * 1024;

    private readonly HashSet<string> _sessions = [];
    private readonly List<ReadOnlyMemory<byte>> _gathered = [];
    private string _session = "";
    private int _gatheredBytes;

    /// <summary>Events that were new.</summary>
    public long Added { get; private set; }

    public int Sessions => _sessions.Count;

    /// <returns>What is wrong with the line; null when it was taken.</returns>
    public string? TryAdd(ReadOnlyMemory<byte> line)
    {
        if (Read(line, out var session, out var item) is { } problem)
            return problem;
        if (session != _session || _gatheredBytes > MaxGatheredBytes)
            Flush();
        _session = session;
        _sessions.Add(session);
        _gathered.Add(item.ToArray());
        _gatheredBytes += item.Length;
        return null;
    }

    public void Flush()
    {
        if (_gathered.Count > 0)
            Added += store.Add(_session, _gathered);
        _gathered.Clear();
        _gatheredBytes = 0;
    }

    private static string? Read(ReadOnlyMemory<byte> line, out string session, out ReadOnlyMemory<byte> item)
    {
        (session, item) = ("", default);
        try
        {
            var reader = new Utf8JsonReader(line.Span);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return "a recording's line is a JSON object, this is none";
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var (isSession, isEvent) = (reader.ValueTextEquals("sid"u8), reader.ValueTextEquals("event"u8));
                reader.Read();
                if (isSession && reader.TokenType == JsonTokenType.String)
                    session = reader.GetString()!;
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (isEvent)
                    item = line[start..(int)reader.BytesConsumed];
            }
            reader.Read();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return "malformed JSON";
        }
        if (!RecordingStore.IsValidId(session))
            return "\"sid\" is missing or no session id";
        return item.IsEmpty ? "\"event\" is missing" : LogLine.TryRead(item.Span, out _, out _, out var problem) ? null : problem;
    }
}
