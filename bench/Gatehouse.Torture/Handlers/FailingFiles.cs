using Gatehouse.EventHandler.State;

namespace Gatehouse.Torture.Handlers;

/// <summary>
/// A state directory whose every n-th changing operation fails: a write stops half-way, an fsync says no, a rename does not happen.
/// Once <see cref="Die"/> was called nothing changes any more, as after a kill.
/// </summary>
internal sealed class FailingFiles(IStateFiles inner, int every) : IStateFiles
{
    private int _operations;
    private volatile bool _dead;
    private volatile bool _armed;

    /// <summary>From now on operations fail.</summary>
    public void Arm() => _armed = true;

    public void Die() => _dead = true;

    public bool Exists(string name) => inner.Exists(name);

    public Stream OpenRead(string name) => inner.OpenRead(name);

    public IStateFile Create(string name)
    {
        Check();
        return new FailingFile(this, inner.Create(name));
    }

    public IStateFile OpenWrite(string name) => new FailingFile(this, inner.OpenWrite(name));

    public void Rename(string from, string to)
    {
        Check();
        inner.Rename(from, to);
    }

    public void Delete(string name)
    {
        Check();
        inner.Delete(name);
    }

    public void SyncDirectory()
    {
        Check();
        inner.SyncDirectory();
    }

    private void Check()
    {
        if (Fails)
            throw new IOException("No space left on device (on purpose)");
    }

    private bool Fails => _dead || _armed && Interlocked.Increment(ref _operations) % every == 0;

    private sealed class FailingFile(FailingFiles owner, IStateFile inner) : IStateFile
    {
        public long Length => inner.Length;

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            if (owner.Fails)
            {
                if (!owner._dead)
                    inner.Write(offset, bytes[..(bytes.Length / 2)]);
                throw new IOException("No space left on device (on purpose)");
            }
            inner.Write(offset, bytes);
        }

        public void Truncate(long length)
        {
            owner.Check();
            inner.Truncate(length);
        }

        public void Sync()
        {
            owner.Check();
            inner.Sync();
        }

        public void Dispose() => inner.Dispose();
    }
}
