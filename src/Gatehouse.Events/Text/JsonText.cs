using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Unicode;

namespace Gatehouse.Events.Text;

/// <summary>
/// Writes JSON text straight into a batch's document buffer, in the form the real handler sends (event-handler spec 5.2): no white
/// space, everything raw but quotes, backslashes and control characters. Invalid UTF-8 becomes U+FFFD, so that an event with a torn
/// string still arrives.
/// </summary>
internal ref struct JsonText(EventBatch batch)
{
    private static readonly SearchValues<byte> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(control => (byte)control), (byte)'"', (byte)'\\']);

    private Span<byte> _free = batch.JsonSpan(256);
    private int _used;

    /// <summary>Hands what was written to the batch.</summary>
    public void Flush()
    {
        batch.AdvanceJson(_used);
        _free = _free[_used..];
        _used = 0;
    }

    public void Put(byte symbol)
    {
        Reserve(1);
        _free[_used++] = symbol;
    }

    public void PutRaw(ReadOnlySpan<byte> text)
    {
        Reserve(text.Length);
        text.CopyTo(_free[_used..]);
        _used += text.Length;
    }

    /// <summary>A member's name with its colon, and the comma before it.</summary>
    public void PutKey(ReadOnlySpan<byte> utf8, bool first)
    {
        Reserve(utf8.Length + 4);
        var free = _free[_used..];
        var at = 0;
        if (!first)
            free[at++] = (byte)',';
        free[at++] = (byte)'"';
        if (TryCopyPlain(utf8, free[at..]))
        {
            at += utf8.Length;
            free[at] = (byte)'"';
            free[at + 1] = (byte)':';
            _used += at + 2;
            return;
        }
        _used += at;
        PutEscaped(utf8);
        PutRaw("\":"u8);
    }

    public void PutString(ReadOnlySpan<byte> utf8)
    {
        Reserve(utf8.Length + 2);
        var free = _free[_used..];
        free[0] = (byte)'"';
        if (TryCopyPlain(utf8, free[1..]))
        {
            free[utf8.Length + 1] = (byte)'"';
            _used += utf8.Length + 2;
            return;
        }
        _used++;
        PutEscaped(utf8);
        Put((byte)'"');
    }

    /// <summary>False, with nothing written, for a number JSON cannot say.</summary>
    public bool TryPutNumber(double value)
    {
        Reserve(JsonNumber.MaxLength);
        if (!JsonNumber.TryFormat(value, _free[_used..], out var length))
            return false;
        _used += length;
        return true;
    }

    private void PutEscaped(ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
            utf8 = Utf8Repair.Repaired(utf8);
        while (true)
        {
            var run = utf8.IndexOfAny(Escaped);
            PutRaw(run < 0 ? utf8 : utf8[..run]);
            if (run < 0)
                return;
            PutEscape(utf8[run]);
            utf8 = utf8[(run + 1)..];
        }
    }

    private void PutEscape(byte symbol)
    {
        var letter = symbol switch
        {
            (byte)'"' => (byte)'"',
            (byte)'\\' => (byte)'\\',
            (byte)'\b' => (byte)'b',
            (byte)'\f' => (byte)'f',
            (byte)'\n' => (byte)'n',
            (byte)'\r' => (byte)'r',
            (byte)'\t' => (byte)'t',
            _ => (byte)0,
        };
        if (letter != 0)
        {
            Put((byte)'\\');
            Put(letter);
            return;
        }
        PutRaw(symbol < 0x10 ? "\\u000"u8 : "\\u001"u8);
        Put("0123456789abcdef"u8[symbol & 0xF]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Reserve(int size)
    {
        if (_free.Length - _used < size)
            Grow(size);
    }

    private void Grow(int size)
    {
        batch.AdvanceJson(_used);
        _used = 0;
        _free = batch.JsonSpan(size);
    }

    /// <summary>
    /// Copies text that is printable ASCII without quote and backslash, as nearly all of it is, and finds out in the same pass
    /// whether it was. Short pieces are read as two overlapping words rather than byte by byte. On false the target holds rubbish.
    /// </summary>
    private static bool TryCopyPlain(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var length = source.Length;
        ref var from = ref MemoryMarshal.GetReference(source);
        ref var to = ref MemoryMarshal.GetReference(target);
        if (length > target.Length)
            return false;
        if (length >= Vector128<byte>.Count)
        {
            var special = Vector128<byte>.Zero;
            var last = length - Vector128<byte>.Count;
            for (var i = 0; i < last; i += Vector128<byte>.Count)
                special |= CopyVector(ref from, ref to, i);
            special |= CopyVector(ref from, ref to, last);
            return special == Vector128<byte>.Zero;
        }
        if (length >= sizeof(ulong))
        {
            var head = Unsafe.ReadUnaligned<ulong>(ref from);
            var tail = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref from, length - sizeof(ulong)));
            Unsafe.WriteUnaligned(ref to, head);
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, length - sizeof(ulong)), tail);
            return Special(Vector128.Create(head, tail).AsByte()) == Vector128<byte>.Zero;
        }
        if (length >= sizeof(uint))
        {
            var head = Unsafe.ReadUnaligned<uint>(ref from);
            var tail = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref from, length - sizeof(uint)));
            Unsafe.WriteUnaligned(ref to, head);
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, length - sizeof(uint)), tail);
            return Special(Vector128.Create(head, tail, head, tail).AsByte()) == Vector128<byte>.Zero;
        }
        for (var i = 0; i < length; i++)
        {
            if (source[i] is < 0x20 or >= 0x80 or (byte)'"' or (byte)'\\')
                return false;
            target[i] = source[i];
        }
        return true;
    }

    private static Vector128<byte> CopyVector(ref byte from, ref byte to, int offset)
    {
        var block = Vector128.LoadUnsafe(ref from, (nuint)offset);
        block.StoreUnsafe(ref to, (nuint)offset);
        return Special(block);
    }

    // Read as signed, bytes from 0x80 are negative, so one comparison finds them and the control characters.
    private static Vector128<byte> Special(Vector128<byte> block) =>
        Vector128.LessThan(block.AsSByte(), Vector128.Create((sbyte)0x20)).AsByte()
        | Vector128.Equals(block, Vector128.Create((byte)'"'))
        | Vector128.Equals(block, Vector128.Create((byte)'\\'));
}
