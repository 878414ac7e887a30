using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Gatehouse.Cluster.Storage;
using Gatehouse.Events;
using Gatehouse.Hosting.Files;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>A segment that takes events. Used by the log's one writer: add some, flush, publish, and in the end seal.</summary>
internal sealed class OpenSegment : IDisposable
{
    private readonly SegmentContent _content = new();
    private readonly ArrayBufferWriter<byte> _lines = new(64 * 1024);
    private readonly Action<FileStream> _sync;
    private readonly FileStream _file;
    private (int Count, int WireLength, long FileLength) _durable;

    public OpenSegment(SegmentFiles files, DateOnly day, DateTimeOffset openedAt, SegmentCache cache, Action<FileStream> sync)
    {
        _sync = sync;
        OpenedAt = openedAt;
        Segment = Segment.Opened(files, day, _content, cache);
        Disk.CreateDirectory(files.Directory);
        _file = Disk.CreateFile(files.Lines);
        DirectorySync.Flush(files.Directory);
        DirectorySync.Flush(Path.GetDirectoryName(files.Directory)!);
    }

    public Segment Segment { get; }
    public DateTimeOffset OpenedAt { get; }
    public int WireLength => _content.WireLength;
    public int Count => _content.Count;

    public bool TryAdd(ReadOnlySpan<byte> line, in EventFields fields, long nanoseconds, [NotNullWhen(false)] out string? problem)
    {
        if (!_content.TryAdd(line, fields, nanoseconds, out problem))
            return false;
        _lines.Write(line);
        _lines.Write("\n"u8);
        return true;
    }

    /// <summary>Makes what was added durable and then visible.</summary>
    /// <exception cref="IOException">The disk refused. What was added is taken back, and <see cref="IsBroken"/> says whether the file could be cut back too.</exception>
    public void Flush()
    {
        if (_lines.WrittenCount == 0)
            return;
        try
        {
            _file.Write(_lines.WrittenSpan);
        }
        catch (IOException)
        {
            TakeBack();
            throw;
        }
        try
        {
            _sync(_file);
        }
        catch (IOException)
        {
            // After a failed fsync nobody knows what the disk holds, and a second one would say yes.
            TakeBack();
            IsBroken = true;
            throw;
        }
        _durable = (_content.Count, _content.WireLength, _durable.FileLength + _lines.WrittenCount);
        _lines.ResetWrittenCount();
        _content.Publish();
    }

    /// <summary>The file may hold events nobody was told of; the segment takes no more.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Writes the derived files; the events stay where they are. A broken file is first replaced by what of it is durable.</summary>
    /// <exception cref="IOException">The disk refused; it can be tried again.</exception>
    public void Seal()
    {
        if (IsBroken)
            KeepDurable();
        var (index, wire) = _content.Read();
        Segment.Files.WriteDerived(index, wire.Span, _durable.FileLength);
        Segment.BecomeSealed(index);
        Dispose();
    }

    public void Dispose() => _file.Dispose();

    /// <summary>A new file and its own fsync, whose answer can be believed.</summary>
    private void KeepDurable()
    {
        var lines = new byte[_durable.FileLength];
        using (var broken = new FileStream(Segment.Files.Lines, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0))
            broken.ReadExactly(lines);
        Disk.WriteAtomically(Segment.Files.Lines, lines);
    }

    private void TakeBack()
    {
        _lines.ResetWrittenCount();
        _content.CutBack(_durable.Count, _durable.WireLength);
        try
        {
            _file.SetLength(_durable.FileLength);
            _file.Seek(_durable.FileLength, SeekOrigin.Begin);
        }
        catch (IOException)
        {
            IsBroken = true;
        }
    }
}
