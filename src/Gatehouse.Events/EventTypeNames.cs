using System.Text;

namespace Gatehouse.Events;

/// <summary>
/// Event types as strings without making one for each event. A fixed table, so a cluster that invents types cannot make it grow:
/// in a full neighbourhood names take turns.
/// </summary>
internal static class EventTypeNames
{
    private sealed record Name(byte[] Utf8, string Text);

    private const int Neighbourhood = 8;

    // There are some 300 types. A slot is written whole, so readers on other threads see the old name or the new one.
    private static readonly Name?[] Slots = new Name?[2048 + Neighbourhood];

    public static string Of(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length is 0 or > 128)
            return Encoding.UTF8.GetString(utf8);
        var home = (int)(Hash(utf8) & 2047);
        var free = home;
        for (var slot = home; slot < home + Neighbourhood; slot++)
        {
            var name = Volatile.Read(ref Slots[slot]);
            if (name is null)
            {
                free = slot;
                break;
            }
            if (utf8.SequenceEqual(name.Utf8))
                return name.Text;
        }
        var added = new Name(utf8.ToArray(), Encoding.UTF8.GetString(utf8));
        Volatile.Write(ref Slots[free], added);
        return added.Text;
    }

    private static uint Hash(ReadOnlySpan<byte> utf8)
    {
        var hash = 2166136261u;
        foreach (var symbol in utf8)
            hash = (hash ^ symbol) * 16777619;
        return hash ^ hash >> 15;
    }
}
