using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Gatehouse.EventHandler.Sources;

/// <summary>Takes an event that cannot be read, so that it is kept somewhere instead of disappearing. Returns when it is safe.</summary>
/// <param name="message">The event as it came over the wire.</param>
/// <param name="reason">What is wrong with it and where it was.</param>
internal delegate ValueTask UndecodableEvent(ReadOnlyMemory<byte> message, string reason, CancellationToken cancellation);

/// <summary>What an unreadable event is recognised by when it comes again.</summary>
internal static class UndecodableKey
{
    /// <summary>
    /// A hash of how often each byte occurs: servers write the fields of an event in another order each time, so the order of the
    /// bytes says nothing.
    /// </summary>
    public static UInt128 Of(ReadOnlySpan<byte> message)
    {
        Span<int> counts = stackalloc int[256];
        counts.Clear();
        foreach (var value in message)
            counts[value]++;

        Span<byte> text = stackalloc byte[256 * sizeof(int)];
        for (var i = 0; i < counts.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(text[(i * sizeof(int))..], counts[i]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
