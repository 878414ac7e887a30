namespace Gatehouse.EventHandler.State;

/// <summary>The state directory as the journal sees it: a seam, so that tests can fail, tear and forget writes.</summary>
internal interface IStateFiles
{
    bool Exists(string name);

    Stream OpenRead(string name);

    /// <summary>An empty file, in place of what may be there.</summary>
    IStateFile Create(string name);

    IStateFile OpenWrite(string name);

    /// <summary>Takes the place of <paramref name="to"/>, at once.</summary>
    void Rename(string from, string to);

    void Delete(string name);

    /// <summary>Makes creations and renames durable.</summary>
    void SyncDirectory();
}

internal interface IStateFile : IDisposable
{
    long Length { get; }

    void Write(long offset, ReadOnlySpan<byte> bytes);

    void Truncate(long length);

    /// <summary>Returns when everything written is on the disk.</summary>
    void Sync();
}
