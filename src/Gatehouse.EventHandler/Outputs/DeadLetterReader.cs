using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Gatehouse.EventHandler.Outputs;

/// <summary>Reads a dead-letter file line by line, in bounded memory whatever is in it.</summary>
internal static class DeadLetterReader
{
    /// <summary>Ten times the largest event a cluster hands out. A longer line was not written by us; it comes as damaged, cut to this.</summary>
    private const int MaxLineBytes = 64 * 1024 * 1024;

    public static async IAsyncEnumerable<DeadLetter> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (!File.Exists(path))
            yield break;
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0, useAsync: true);
        var pipe = PipeReader.Create(file, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
        while (true)
        {
            var read = await pipe.ReadAsync(cancellation);
            var rest = read.Buffer;
            while (TryCutLine(ref rest, read.IsCompleted, out var line))
            {
                if (line.Length > 0)
                    yield return DeadLetter.Parse(line);
            }
            pipe.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted)
                break;
        }
        await pipe.CompleteAsync();
    }

    private static bool TryCutLine(ref ReadOnlySequence<byte> rest, bool isLast, out byte[] line)
    {
        line = [];
        if (rest.PositionOf((byte)'\n') is { } end)
        {
            line = rest.Slice(0, end).ToArray();
            rest = rest.Slice(rest.GetPosition(1, end));
            return true;
        }
        if (rest.Length == 0 || (!isLast && rest.Length < MaxLineBytes))
            return false;
        line = rest.ToArray();
        rest = rest.Slice(rest.End);
        return true;
    }
}
