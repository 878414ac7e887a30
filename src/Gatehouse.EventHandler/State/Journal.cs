using System.Buffers;

namespace Gatehouse.EventHandler.State;

/// <summary>
/// The open checkpoint file and its two companions. Knows what is surely on the disk, and puts in order what a failed call left
/// behind before it does anything else. Format and recovery: <see cref="CheckpointFile"/>.
/// </summary>
internal sealed class Journal : IDisposable
{
    /// <summary>Below this a new file is not worth its two fsyncs and renames.</summary>
    private const long SmallFile = 1024 * 1024;

    /// <summary>How many snapshots' worth a file grows to: a byte is then rewritten a third of a time on average.</summary>
    private const int Growth = 4;

    private readonly IStateFiles _files;
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private IStateFile _file;
    private string _name;
    private long _length;
    private long _snapshotLength;
    private long _replaceAgainAt;
    private bool _tailInDoubt;
    private bool _namesInDoubt;

    private Journal(IStateFiles files, IStateFile file, string name, CheckpointReading reading)
    {
        (_files, _file, _name) = (files, file, name);
        (_length, _snapshotLength, Sequence) = (reading.Length, reading.SnapshotLength, reading.Sequence);
        _tailInDoubt = file.Length != reading.Length;
        ReplaceWanted = !reading.SnapshotHasStartTime && reading.State.StartTime is not null;
    }

    private Journal(IStateFiles files, IStateFile file, long length, ulong sequence)
    {
        (_files, _file, _name) = (files, file, CheckpointFile.NewName);
        (_length, _snapshotLength, Sequence) = (length, length, sequence);
    }

    /// <summary>Number of the last durable advance.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>Bytes of the open file that are surely whole.</summary>
    public long Length => _length;

    /// <summary>
    /// A new file should begin now, whatever the size. Set after the record that fixes the start time, so that the previous file
    /// knows it too: falling back to a file without it would begin at today.
    /// </summary>
    public bool ReplaceWanted { get; set; }

    public bool ReplaceDue =>
        (ReplaceWanted || (_length > SmallFile && _length > Growth * _snapshotLength)) && _length >= _replaceAgainAt;

    /// <summary>Goes on with a file that was read as far as <paramref name="reading"/> says, and makes it the checkpoint if it is not.</summary>
    public static Journal Continue(IStateFiles files, string name, CheckpointReading reading)
    {
        var journal = new Journal(files, files.OpenWrite(name), name, reading);
        try
        {
            if (name == CheckpointFile.NewName)
            {
                // Whole, and its turn had come: the crash was between the two renames.
                journal.TakePlace(CheckpointFile.NewName);
                files.SyncDirectory();
            }
            else if (name == CheckpointFile.PreviousName)
            {
                // The newer one is gone or beyond reading. This one stays as it is, and a new one begins with its state.
                journal.Replace(reading.State);
            }
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>First start: a snapshot, twice, so that there is always another file to fall back to.</summary>
    public static Journal Begin(IStateFiles files, HandlerState state)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        CheckpointFile.WriteSnapshot(buffer, 0, state);
        WriteNew(files, buffer.WrittenSpan).Dispose();
        files.Rename(CheckpointFile.NewName, CheckpointFile.PreviousName);
        var file = WriteNew(files, buffer.WrittenSpan);
        try
        {
            var journal = new Journal(files, file, buffer.WrittenCount, 0);
            journal.TakePlace(CheckpointFile.NewName);
            files.SyncDirectory();
            return journal;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes one record and returns when it is durable.</summary>
    /// <exception cref="IOException">It may or may not be on the disk, and the next call will cut it off.</exception>
    public void Append(IReadOnlyList<StateChange> changes)
    {
        _buffer.ResetWrittenCount();
        CheckpointFile.WriteAdvance(_buffer, Sequence + 1, changes);

        if (_namesInDoubt)
        {
            _files.SyncDirectory();
            _namesInDoubt = false;
        }
        if (_tailInDoubt)
            _file.Truncate(_length);
        _tailInDoubt = true;
        _file.Write(_length, _buffer.WrittenSpan);
        _file.Sync();
        _tailInDoubt = false;

        _length += _buffer.WrittenCount;
        Sequence++;
    }

    /// <summary>Begins a new file with this state.</summary>
    /// <exception cref="IOException">The journal goes on as before and may be written to; a later call tries again.</exception>
    public void Replace(HandlerState state)
    {
        // Should this fail, the next try waits until the file has grown some more: a full disk is not helped by hammering it.
        _replaceAgainAt = _length + SmallFile / 16;

        var buffer = new ArrayBufferWriter<byte>((int)Math.Min(_snapshotLength + 4096, Array.MaxLength));
        CheckpointFile.WriteSnapshot(buffer, Sequence, state);
        var file = WriteNew(_files, buffer.WrittenSpan);
        try
        {
            if (_name == CheckpointFile.Name)
            {
                TakePlace(CheckpointFile.Name);
            }
            // From here the new file counts, and no record counts until its name is durable.
            _files.Rename(CheckpointFile.NewName, CheckpointFile.Name);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        _file.Dispose();
        (_file, _name, _length, _snapshotLength) = (file, CheckpointFile.Name, buffer.WrittenCount, buffer.WrittenCount);
        (_tailInDoubt, _namesInDoubt, ReplaceWanted, _replaceAgainAt) = (false, true, false, 0);
        _files.SyncDirectory();
        _namesInDoubt = false;
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Renames the open file one place on: new to checkpoint, checkpoint to previous.</summary>
    private void TakePlace(string from)
    {
        var to = from == CheckpointFile.NewName ? CheckpointFile.Name : CheckpointFile.PreviousName;
        _namesInDoubt = true;
        _files.Rename(from, to);
        _name = to;
    }

    private static IStateFile WriteNew(IStateFiles files, ReadOnlySpan<byte> content)
    {
        var file = files.Create(CheckpointFile.NewName);
        try
        {
            file.Write(0, content);
            file.Sync();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
