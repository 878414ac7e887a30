using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>
/// One reader's look at a segment, as it was when it was opened. The file is opened at the first byte it needs; small reads come out of a
/// window, since a page wants hundreds of neighbours, in either direction.
/// </summary>
internal sealed class SegmentView(Segment segment, SegmentIndex index, ReadOnlyMemory<byte> memory) : IDisposable
{
    private const int WindowBytes = 64 * 1024;

    private SafeFileHandle? _file;
    private byte[] _window = [];
    private long _windowStart;
    private int _windowLength;

    public Segment Segment => segment;
    public SegmentIndex Index => index;

    /// <summary>Copies wire bytes from an offset; they are there for every entry of the index.</summary>
    /// <exception cref="InvalidDataException">The file is shorter than its index says.</exception>
    public void ReadWire(long offset, Span<byte> to)
    {
        if (!memory.IsEmpty)
        {
            memory.Span.Slice((int)offset, to.Length).CopyTo(to);
            return;
        }
        _file ??= File.OpenHandle(segment.Files.Wire, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        if (to.Length >= WindowBytes / 2)
        {
            if (ReadFile(offset, to) < to.Length)
                throw new InvalidDataException($"{segment.Files.Wire} ends before its index says");
            return;
        }
        if (offset < _windowStart || offset + to.Length > _windowStart + _windowLength)
            MoveWindow(offset, to.Length);
        _window.AsSpan((int)(offset - _windowStart), to.Length).CopyTo(to);
    }

    public void Dispose()
    {
        _file?.Dispose();
        if (_window.Length > 0)
            ArrayPool<byte>.Shared.Return(_window);
        _window = [];
    }

    /// <summary>A reader that goes backwards wants what lies before.</summary>
    private void MoveWindow(long offset, int length)
    {
        if (_window.Length == 0)
            _window = ArrayPool<byte>.Shared.Rent(WindowBytes);
        _windowStart = offset < _windowStart ? Math.Max(0, offset + length - WindowBytes) : offset;
        _windowLength = ReadFile(_windowStart, _window.AsSpan(0, WindowBytes));
        if (offset + length > _windowStart + _windowLength)
            throw new InvalidDataException($"{segment.Files.Wire} ends before its index says");
    }

    private int ReadFile(long offset, Span<byte> to)
    {
        var filled = 0;
        while (filled < to.Length && RandomAccess.Read(_file!, to[filled..], offset + filled) is var read and > 0)
            filled += read;
        return filled;
    }
}
