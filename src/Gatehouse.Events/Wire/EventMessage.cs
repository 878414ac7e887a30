using System.Buffers;

namespace Gatehouse.Events.Wire;

/// <summary>
/// The fields of an <c>EventUnstructured</c> message as slices of its bytes: 1 type, 2 id, 3 time, 4 index, 5 unstructured. A field
/// that comes twice follows protobuf's rules: the last scalar wins, messages merge.
/// </summary>
internal ref struct EventMessage
{
    private const long MinSeconds = -62_135_596_800;
    private const long MaxSeconds = 253_402_300_799;

    public ReadOnlySpan<byte> Type;
    public ReadOnlySpan<byte> Id;
    public long Index;

    /// <summary>The <c>Struct</c>; empty when the message has none, which is an empty document.</summary>
    public ReadOnlySpan<byte> Document;

    private bool _hasTime;
    private bool _hasDocument;
    private long _seconds;
    private int _nanos;
    private ArrayBufferWriter<byte>? _joined;

    /// <summary>UTC, cut to 100 ns; <see cref="DateTime.MinValue"/> when absent or outside the years 1 to 9999.</summary>
    public readonly DateTime Time =>
        _hasTime && _seconds is >= MinSeconds and <= MaxSeconds && _nanos is >= 0 and < 1_000_000_000
            ? DateTime.UnixEpoch.AddTicks(_seconds * TimeSpan.TicksPerSecond + _nanos / 100)
            : DateTime.MinValue;

    /// <summary>Reads a message into these fields, over what an earlier part of the same message left there.</summary>
    public void Merge(ReadOnlySpan<byte> message, int origin)
    {
        var reader = new WireReader(message, origin);
        while (reader.ReadTag(out var field, out var type))
        {
            switch (field, type)
            {
                case (1, WireType.Bytes):
                    Type = reader.ReadBytes();
                    break;
                case (2, WireType.Bytes):
                    Id = reader.ReadBytes();
                    break;
                case (3, WireType.Bytes):
                    var timestamp = reader.ReadBytes();
                    MergeTime(timestamp, reader.Offset - timestamp.Length);
                    break;
                case (4, WireType.Varint):
                    Index = (long)reader.ReadVarint();
                    break;
                case (5, WireType.Bytes):
                    MergeDocument(reader.ReadBytes());
                    break;
                default:
                    reader.Skip(field, type);
                    break;
            }
        }
    }

    private void MergeTime(ReadOnlySpan<byte> timestamp, int origin)
    {
        _hasTime = true;
        var reader = new WireReader(timestamp, origin);
        while (reader.ReadTag(out var field, out var type))
        {
            switch (field, type)
            {
                case (1, WireType.Varint):
                    _seconds = (long)reader.ReadVarint();
                    break;
                case (2, WireType.Varint):
                    _nanos = (int)reader.ReadVarint();
                    break;
                default:
                    reader.Skip(field, type);
                    break;
            }
        }
    }

    // Two parts of one message merge exactly as their bytes laid end to end.
    private void MergeDocument(ReadOnlySpan<byte> part)
    {
        if (!_hasDocument)
        {
            _hasDocument = true;
            Document = part;
            return;
        }
        if (_joined is null)
        {
            _joined = new ArrayBufferWriter<byte>(Document.Length + part.Length);
            _joined.Write(Document);
        }
        _joined.Write(part);
        Document = _joined.WrittenSpan;
    }
}
