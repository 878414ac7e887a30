using System.Threading.Channels;

namespace Gatehouse.Cli.Up;

/// <summary>
/// Appends lines to files, durable before it says so. One writer takes all that wait, writes them and syncs each touched file once, so
/// that many small requests share a sync. What a crash tore off at the end of a file was acknowledged to nobody and is cut off.
/// </summary>
internal sealed class NdjsonFiles : IAsyncDisposable
{
    /// <summary>Requests waiting; Kestrel's connections wait behind them.</summary>
    private const int QueueLength = 64;

    private readonly Channel<Work> _queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly HashSet<string> _whole = [];
    private readonly Task _writing;

    public NdjsonFiles() => _writing = Task.Run(WriteAsync);

    /// <exception cref="IOException">The disk refused; the file is as it was.</exception>
    public async Task AppendAsync(string path, ReadOnlyMemory<byte> lines, CancellationToken cancellation)
    {
        var work = new Work(path, lines, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await _queue.Writer.WriteAsync(work, cancellation);
        await work.Done.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing;
    }

    private async Task WriteAsync()
    {
        var group = new List<Work>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            group.Clear();
            while (group.Count < QueueLength && _queue.Reader.TryRead(out var work))
                group.Add(work);
            foreach (var file in group.GroupBy(work => work.Path))
                Write(file.Key, [.. file]);
        }
    }

    private void Write(string path, List<Work> works)
    {
        try
        {
            using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 0);
            var end = _whole.Contains(path) ? file.Length : EndOfLines(file);
            _whole.Remove(path);
            file.SetLength(end);
            file.Position = end;
            foreach (var work in works)
                file.Write(work.Lines.Span);
            // The name of a new file goes to disk with it on the usual file systems.
            file.Flush(flushToDisk: true);
            _whole.Add(path);
            works.ForEach(work => work.Done.SetResult());
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            works.ForEach(work => work.Done.TrySetException(new IOException(failure.Message, failure)));
        }
    }

    /// <summary>Behind the last line feed.</summary>
    private static long EndOfLines(FileStream file)
    {
        var buffer = new byte[64 * 1024];
        for (var end = file.Length; end > 0;)
        {
            var start = Math.Max(0, end - buffer.Length);
            file.Position = start;
            var part = buffer.AsSpan(0, (int)(end - start));
            file.ReadExactly(part);
            if (part.LastIndexOf((byte)'\n') is var at and >= 0)
                return start + at + 1;
            end = start;
        }
        return 0;
    }

    private sealed record Work(string Path, ReadOnlyMemory<byte> Lines, TaskCompletionSource Done);
}
