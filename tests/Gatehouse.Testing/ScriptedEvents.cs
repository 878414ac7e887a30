using System.Globalization;
using Gatehouse.Api.AuditLog.V1;
using Google.Protobuf.WellKnownTypes;

namespace Gatehouse.Testing;

/// <summary>Small audit events as the wire carries them, for clusters that follow a script.</summary>
public static class ScriptedEvents
{
    /// <summary>An event whose document agrees with what travels beside it.</summary>
    /// <param name="id">Its uid.</param>
    /// <param name="time">UTC.</param>
    /// <param name="padding">Bytes of filling, for events of a size.</param>
    public static EventUnstructured Make(string id, DateTime time, string type = "user.login", long index = 0, string? sessionId = null, int padding = 0)
    {
        var document = new Struct();
        document.Fields["event"] = Value.ForString(type);
        document.Fields["uid"] = Value.ForString(id);
        document.Fields["time"] = Value.ForString(time.ToString("O", CultureInfo.InvariantCulture));
        document.Fields["ei"] = Value.ForNumber(index);
        document.Fields["code"] = Value.ForString("T1000I");
        if (sessionId is not null)
            document.Fields["sid"] = Value.ForString(sessionId);
        if (padding > 0)
            document.Fields["padding"] = Value.ForString(new string('x', padding));
        return new EventUnstructured
        {
            Type = type,
            Id = id,
            Index = index,
            Time = Timestamp.FromDateTime(DateTime.SpecifyKind(time, DateTimeKind.Utc)),
            Unstructured = document,
        };
    }

    /// <summary>Events <c>prefix-0</c>, <c>prefix-1</c>, … , <paramref name="step"/> apart.</summary>
    public static IEnumerable<EventUnstructured> Series(string prefix, int count, DateTime first, TimeSpan step, string type = "user.login") =>
        Enumerable.Range(0, count).Select(i => Make($"{prefix}-{i}", first + step * i, type));
}
