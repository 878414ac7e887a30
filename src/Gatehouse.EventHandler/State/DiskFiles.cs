using Gatehouse.Hosting.Files;

namespace Gatehouse.EventHandler.State;

/// <summary>The real thing. Files are for the owner alone.</summary>
internal sealed class DiskFiles(string directory) : IStateFiles
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public bool Exists(string name) => File.Exists(PathOf(name));

    public Stream OpenRead(string name) =>
        new FileStream(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 64 * 1024);

    public IStateFile Create(string name) => new DiskFile(Open(name, FileMode.Create));

    public IStateFile OpenWrite(string name) => new DiskFile(Open(name, FileMode.Open));

    public void Rename(string from, string to) => File.Move(PathOf(from), PathOf(to), overwrite: true);

    public void Delete(string name) => File.Delete(PathOf(name));

    public void SyncDirectory() => DirectorySync.Flush(directory);

    private string PathOf(string name) => Path.Combine(directory, name);

    private FileStream Open(string name, FileMode mode)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (mode == FileMode.Create)
            options.UnixCreateMode = OwnerOnly;
        return new FileStream(PathOf(name), options);
    }

    private sealed class DiskFile(FileStream file) : IStateFile
    {
        public long Length => RandomAccess.GetLength(file.SafeFileHandle);

        public void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(file.SafeFileHandle, bytes, offset);

        public void Truncate(long length) => RandomAccess.SetLength(file.SafeFileHandle, length);

        public void Sync() => RandomAccess.FlushToDisk(file.SafeFileHandle);

        public void Dispose() => file.Dispose();
    }
}
