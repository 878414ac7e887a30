using System.Diagnostics.CodeAnalysis;
using System.Text;
using Gatehouse.Events;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>Whether a line may enter the log, and the day it belongs to.</summary>
internal static class LogLine
{
    /// <summary>
    /// Longest line in bytes. Clients of the real one take messages of 4 MiB unless told otherwise, and an event's message is a little
    /// longer than its text.
    /// </summary>
    public const int MaxBytes = 3 * 1024 * 1024;

    private const int MaxTypeBytes = 200;

    /// <param name="problem">What is wrong with the line, for its owner; null when nothing is.</param>
    public static bool TryRead(ReadOnlySpan<byte> line, out EventFields fields, out long nanoseconds, [NotNullWhen(false)] out string? problem)
    {
        nanoseconds = 0;
        if (line.Length > MaxBytes)
        {
            fields = default;
            problem = $"longer than {MaxBytes} bytes";
            return false;
        }
        if (!EventDocument.TryRead(line, out fields, out problem))
        {
            problem ??= "not an event";
            return false;
        }
        if (fields.Type.Length > MaxTypeBytes || line.Contains((byte)'\n'))
            problem = fields.Type.Length > MaxTypeBytes ? "the event type is too long" : "the event is not on one line";
        else if (!LogTime.TryFrom(fields.Time, out nanoseconds))
            problem = "\"time\" is not between the years 1678 and 2261";
        return problem is null;
    }

    /// <summary>Its <c>uid</c>, or a hash of the line: the same id however often it is asked for.</summary>
    public static ReadOnlySpan<byte> Id(in EventFields fields, ReadOnlySpan<byte> line) =>
        fields.Uid.IsEmpty ? Encoding.ASCII.GetBytes(EventDocument.StableId(line)) : fields.Uid;
}
