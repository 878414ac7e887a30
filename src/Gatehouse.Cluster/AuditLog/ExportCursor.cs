using System.Globalization;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>A position in a chunk: <c>g1:</c> and the number of events before it. Opaque to clients.</summary>
internal static class ExportCursor
{
    public const int MaxBytes = 16;
    private const string Prefix = "g1:";

    /// <summary>Writes the position behind the event with this number (from 0).</summary>
    /// <returns>Bytes written.</returns>
    public static int After(int number, Span<byte> to)
    {
        "g1:"u8.CopyTo(to);
        (number + 1).TryFormat(to[3..], out var digits, default, CultureInfo.InvariantCulture);
        return 3 + digits;
    }

    /// <summary>Number of events before the position; an empty cursor is the start.</summary>
    public static bool TryParse(string cursor, out int number)
    {
        number = 0;
        return cursor.Length == 0
            || (cursor.StartsWith(Prefix, StringComparison.Ordinal)
                && int.TryParse(cursor.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number));
    }
}
