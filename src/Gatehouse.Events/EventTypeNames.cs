using System.Text;

namespace Gatehouse.Events;

/// <summary>
/// Event types as strings without making one for each event. A fixed table, so a cluster that invents types cannot make it grow:
/// two names that fall on one slot take turns.
/// </summary>
internal static class EventTypeNames
{
    private sealed record Name(byte[] Utf8, string Text);

    // There are some 300 types. A slot is written whole, so readers on other threads see the old name or the new one.
    private static readonly Name?[] Slots = new Name?[4096];

    public static string Of(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length is 0 or > 128)
            return Encoding.UTF8.GetString(utf8);
        ref var slot = ref Slots[Hash(utf8) & 4095];
        var name = Volatile.Read(ref slot);
        if (name is not null && utf8.SequenceEqual(name.Utf8))
            return name.Text;
        name = new Name(utf8.ToArray(), Encoding.UTF8.GetString(utf8));
        Volatile.Write(ref slot, name);
        return name.Text;
    }

    private static uint Hash(ReadOnlySpan<byte> utf8)
    {
        var hash = 2166136261u;
        foreach (var symbol in utf8)
            hash = (hash ^ symbol) * 16777619;
        return hash ^ hash >> 15;
    }
}
