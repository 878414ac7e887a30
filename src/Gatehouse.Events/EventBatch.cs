using System.Buffers;
using System.Text;

namespace Gatehouse.Events;

/// <summary>
/// Events as bytes: one rented buffer of JSON documents laid end to end with a comma between neighbours, so that any run of
/// events is already the inside of a JSON array; one rented buffer of short texts (ids, session ids, cursors); one array of headers.
/// </summary>
/// <remarks>
/// Owned by whoever holds it last: the pipeline disposes a batch after its receipt is settled. Filled by one writer, then only read.
/// </remarks>
public sealed class EventBatch : IDisposable
{
    /// <summary>
    /// Of its own: the shared pool keeps arrays per thread and per core, which for a handful of megabyte buffers that wander between
    /// threads came to twice what is ever in use. This one keeps as many as were in use at once, up to so many of a size.
    /// </summary>
    private static readonly ArrayPool<byte> Pool = ArrayPool<byte>.Create(LargestKept, KeptOfASize);

    private const int LargestKept = 2 * 1024 * 1024;
    private const int KeptOfASize = 16;

    private byte[] _json;
    private byte[] _text;
    private EventHeader[] _headers;
    private int _jsonLength;
    private int _textLength;
    private int _count;

    /// <param name="jsonCapacity">First size of the document buffer in bytes; it grows as needed.</param>
    public EventBatch(int jsonCapacity = 256 * 1024)
    {
        _json = Pool.Rent(jsonCapacity);
        _text = Pool.Rent(jsonCapacity / 8 + 256);
        _headers = ArrayPool<EventHeader>.Shared.Rent(jsonCapacity / 512 + 16);
    }

    /// <summary>Number of events.</summary>
    public int Count => _count;

    /// <summary>Bytes of all documents including the commas between them.</summary>
    public int JsonBytes => _jsonLength;

    public ReadOnlySpan<EventHeader> Headers => _headers.AsSpan(0, _count);

    public ref readonly EventHeader this[int index] => ref Headers[index];

    /// <summary>The JSON object of one event.</summary>
    public ReadOnlyMemory<byte> Json(int index)
    {
        ref readonly var header = ref this[index];
        return _json.AsMemory(header.JsonStart, header.JsonLength);
    }

    /// <summary>The documents of a run of events with commas between them: the inside of a JSON array.</summary>
    public ReadOnlyMemory<byte> Json(int start, int count)
    {
        if (count == 0)
            return default;
        var first = this[start];
        var last = this[start + count - 1];
        return _json.AsMemory(first.JsonStart, last.JsonStart + last.JsonLength - first.JsonStart);
    }

    public ReadOnlySpan<byte> Text(TextRange range) => _text.AsSpan(range.Start, range.Length);

    public string TextString(TextRange range) => Encoding.UTF8.GetString(Text(range));

    /// <summary>Where the next document is written: <see cref="BeginDocument"/>, write, <see cref="EndDocument"/> or <see cref="AbandonDocument"/>.</summary>
    /// <returns>Offset at which the document starts.</returns>
    public int BeginDocument()
    {
        if (_count > 0)
            JsonSpan(1)[0] = (byte)',';
        return _count > 0 ? ++_jsonLength : _jsonLength;
    }

    /// <summary>At least <paramref name="size"/> writable bytes behind what is already written.</summary>
    public Span<byte> JsonSpan(int size)
    {
        if (_json.Length - _jsonLength < size)
            Grow(ref _json, _jsonLength, size);
        return _json.AsSpan(_jsonLength);
    }

    public void AdvanceJson(int written) => _jsonLength += written;

    /// <summary>Copies a short text (id, session id, cursor) and says where it lies.</summary>
    public TextRange AddText(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
            return default;
        if (_text.Length - _textLength < utf8.Length)
            Grow(ref _text, _textLength, utf8.Length);
        utf8.CopyTo(_text.AsSpan(_textLength));
        var range = new TextRange(_textLength, utf8.Length);
        _textLength += utf8.Length;
        return range;
    }

    /// <summary>Makes the bytes since <see cref="BeginDocument"/> an event.</summary>
    public void EndDocument(in EventHeader header)
    {
        if (_count == _headers.Length)
        {
            var larger = ArrayPool<EventHeader>.Shared.Rent(_headers.Length * 2);
            _headers.AsSpan(0, _count).CopyTo(larger);
            ArrayPool<EventHeader>.Shared.Return(_headers, clearArray: true);
            _headers = larger;
        }
        _headers[_count++] = header;
    }

    /// <summary>Takes back what was written since <see cref="BeginDocument"/> returned <paramref name="documentStart"/>.</summary>
    public void AbandonDocument(int documentStart) => _jsonLength = _count > 0 ? documentStart - 1 : documentStart;

    /// <summary>Removes the newest event, as a filter does with an event nobody wants. Its texts stay until the batch goes.</summary>
    public void RemoveLast()
    {
        var last = _headers[--_count];
        _jsonLength = _count > 0 ? last.JsonStart - 1 : last.JsonStart;
    }

    /// <summary>Forgets all events and keeps the buffers.</summary>
    public void Clear() => _count = _jsonLength = _textLength = 0;

    public void Dispose()
    {
        if (_headers.Length == 0)
            return;
        Pool.Return(_json);
        Pool.Return(_text);
        ArrayPool<EventHeader>.Shared.Return(_headers, clearArray: true);
        _json = _text = [];
        _headers = [];
        _count = _jsonLength = _textLength = 0;
    }

    private static void Grow(ref byte[] buffer, int used, int needed)
    {
        var size = Math.Max(checked(used + needed), (int)Math.Min((long)buffer.Length * 2, Array.MaxLength));
        var larger = Pool.Rent(size);
        buffer.AsSpan(0, used).CopyTo(larger);
        Pool.Return(buffer);
        buffer = larger;
    }
}
