using Gatehouse.EventHandler.State;
using Xunit;

namespace Gatehouse.EventHandler.Tests.State;

/// <summary>
/// A directory that tells what is on the disk from what is only in the cache: it fails the n-th call, tears writes, and after a crash
/// keeps of the unsynced what a file system may keep.
/// </summary>
internal sealed class MemoryFiles : IStateFiles
{
    private readonly Dictionary<string, Content> _names = [];
    private Dictionary<string, Content> _durableNames = [];

    /// <summary>Every state the names went through since they were last synced.</summary>
    private readonly List<Dictionary<string, Content>> _namesSince = [];

    /// <summary>Calls that change something, so far.</summary>
    public int Calls { get; private set; }

    /// <summary>Decides by the call's number whether it fails; a write that fails has written the returned share of its bytes.</summary>
    public Func<int, double?> Fails { get; set; } = _ => null;

    /// <summary>Told after each call that changes something and succeeds.</summary>
    public Action? AfterCall { get; set; }

    public byte[] this[string name]
    {
        get => _names[name].Live;
        set => _names[name] = new Content { Live = value, Durable = value };
    }

    public bool Exists(string name) => _names.ContainsKey(name);

    public Stream OpenRead(string name) => new MemoryStream(_names[name].Live, writable: false);

    public IStateFile Create(string name)
    {
        Call();
        var content = new Content();
        _names[name] = content;
        NamesChanged();
        AfterCall?.Invoke();
        return new MemoryFile(this, content);
    }

    public IStateFile OpenWrite(string name) => new MemoryFile(this, _names[name]);

    public void Rename(string from, string to)
    {
        Call();
        Assert.True(_names.Remove(from, out var content), $"{from} is not there");
        _names[to] = content;
        NamesChanged();
        AfterCall?.Invoke();
    }

    public void Delete(string name)
    {
        Call();
        _names.Remove(name);
        NamesChanged();
        AfterCall?.Invoke();
    }

    public void SyncDirectory()
    {
        Call();
        _durableNames = new(_names);
        _namesSince.Clear();
        AfterCall?.Invoke();
    }

    /// <summary>What a process finds that starts after this one was killed.</summary>
    public MemoryFiles AfterKill()
    {
        var files = new MemoryFiles();
        foreach (var (name, content) in _names)
            files[name] = [.. content.Live];
        files._durableNames = new(files._names);
        return files;
    }

    /// <summary>What is found after the power failed: synced bytes and names, and of the others what chance allows.</summary>
    public MemoryFiles AfterPowerLoss(Random random)
    {
        var files = new MemoryFiles();
        var names = random.Next(_namesSince.Count + 1) is var kept and > 0 ? _namesSince[kept - 1] : _durableNames;
        foreach (var (name, content) in names)
            files[name] = content.AfterPowerLoss(random);
        files._durableNames = new(files._names);
        return files;
    }

    private void NamesChanged() => _namesSince.Add(new(_names));

    private void Call()
    {
        Calls++;
        if (Fails(Calls) is not null)
            throw new IOException($"call {Calls} fails");
    }

    private sealed class Content
    {
        public byte[] Live { get; set; } = [];

        public byte[] Durable { get; set; } = [];

        public byte[] AfterPowerLoss(Random random)
        {
            switch (random.Next(4))
            {
                case 0:
                    return [.. Durable];
                case 1:
                    return [.. Live];
                default:
                    // Some of the new bytes, and perhaps a length for which no bytes came.
                    var same = Live.AsSpan().CommonPrefixLength(Durable);
                    var bytes = Live.AsSpan(0, random.Next(same, Live.Length + 1)).ToArray();
                    return same < Durable.Length ? [.. Durable] : [.. bytes, .. new byte[random.Next(3) * random.Next(40)]];
            }
        }
    }

    private sealed class MemoryFile(MemoryFiles files, Content content) : IStateFile
    {
        public long Length => content.Live.Length;

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            files.Calls++;
            var share = files.Fails(files.Calls);
            if (share is { } part)
                bytes = bytes[..(int)(bytes.Length * part)];
            var live = new byte[Math.Max(content.Live.Length, offset + bytes.Length)];
            content.Live.CopyTo(live, 0);
            bytes.CopyTo(live.AsSpan((int)offset));
            content.Live = live;
            if (share is not null)
                throw new IOException($"write {files.Calls} fails");
            files.AfterCall?.Invoke();
        }

        public void Truncate(long length)
        {
            files.Call();
            content.Live = content.Live[..(int)length];
            files.AfterCall?.Invoke();
        }

        public void Sync()
        {
            files.Call();
            content.Durable = content.Live;
            files.AfterCall?.Invoke();
        }

        public void Dispose() { }
    }
}
