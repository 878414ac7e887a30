using System.Text;
using Gatehouse.Events;

namespace Gatehouse.Testing;

/// <summary>Small things tests need many of.</summary>
public static class Some
{
    /// <summary>A batch of events with the given types; ids are <c>event-0</c>, <c>event-1</c> …, a second apart.</summary>
    public static EventBatch Batch(params IReadOnlyList<string> types) =>
        Documents([.. types.Select((type, i) => (type, $$"""{"event":"{{type}}","uid":"event-{{i}}"}"""))]);

    /// <summary>A batch of these documents.</summary>
    public static EventBatch Documents(params IReadOnlyList<(string Type, string Json)> documents)
    {
        var batch = new EventBatch(1024);
        for (var i = 0; i < documents.Count; i++)
            Add(batch, documents[i].Type, documents[i].Json, $"event-{i}", index: i);
        return batch;
    }

    /// <summary>Adds one event.</summary>
    public static void Add(EventBatch batch, string type, string json, string id, long index = 0, string sid = "", DateTime? time = null)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var start = batch.BeginDocument();
        bytes.CopyTo(batch.JsonSpan(bytes.Length));
        batch.AdvanceJson(bytes.Length);
        batch.EndDocument(new EventHeader
        {
            JsonStart = start,
            JsonLength = bytes.Length,
            Type = type,
            Time = time ?? new DateTime(2026, 11, 21, 0, 0, 0, DateTimeKind.Utc).AddSeconds(index),
            Index = index,
            Id = batch.AddText(Encoding.UTF8.GetBytes(id)),
            SessionId = batch.AddText(Encoding.UTF8.GetBytes(sid)),
            Cursor = default,
        });
    }
}
