using System.IO.Compression;
using Gatehouse.Cluster.Auth;
using Gatehouse.Cluster.Storage;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>What <c>gatehouse audit-log import</c> is asked for.</summary>
public sealed record ImportRequest
{
    public required string DataDir { get; init; }

    /// <summary>Logs of a Teleport auth server: files with one event a line (also <c>.gz</c>), or folders of <c>*.log</c>, links followed.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Files of session recordings, lines <c>{"sid", "event"}</c>; other keys are passed over.</summary>
    public IReadOnlyList<string> Recordings { get; init; } = [];

    /// <summary>As in <see cref="ClusterPlan.ClusterName"/>; matters on the first command in a new folder.</summary>
    public string? ClusterName { get; init; }
}

/// <summary>How far an import is. Bytes are those of the files as they lie on disk.</summary>
public sealed record ImportProgress(string File, long BytesRead, long BytesTotal, long Imported, long Duplicates, long Rejected);

/// <summary>A line that is no event.</summary>
public sealed record RejectedLine(string File, long Line, string Reason);

/// <param name="Imported">Events that are in the log now and were not before.</param>
/// <param name="Duplicates">Events that were there already.</param>
/// <param name="Rejected">Lines kept aside.</param>
/// <param name="RecordingEvents">Events of recordings that are new.</param>
/// <param name="Recordings">Sessions that the files named.</param>
/// <param name="FirstRejected">The first lines kept aside, at most 100.</param>
/// <param name="RejectedFiles">Where the lines were kept.</param>
public sealed record ImportResult(
    long Imported, long Duplicates, long Rejected, long RecordingEvents, int Recordings,
    IReadOnlyList<RejectedLine> FirstRejected, IReadOnlyList<string> RejectedFiles);

/// <summary>
/// Takes the log of a Teleport auth server into ours, whether the service runs or not (<see cref="IncomingSegments"/>).
/// <list type="number">
/// <item>Read line by line; what is no event is kept aside in <c>rejected/NAME.rejected</c>, counted and reported with its line number.</item>
/// <item>Leave out events that the day has already, by <c>uid</c> or else by content: an import that was cut short, or is run again on
/// a log that has grown, adds only what is missing.</item>
/// <item>Collect by UTC day and hand over whole segments. Order within the file need not be that of time.</item>
/// </list>
/// </summary>
public sealed class AuditLogImporter
{
    /// <summary>Progress is told about every so many bytes.</summary>
    private const int ProgressBytes = 1024 * 1024;

    private readonly ImportRequest _request;
    private readonly IProgress<ImportProgress>? _progress;
    private readonly DataDirectory _data;
    private readonly ImportDays _days;
    private long _imported, _duplicates, _rejected, _bytesBefore, _bytesTotal;

    private AuditLogImporter(ImportRequest request, IProgress<ImportProgress>? progress, DataDirectory data)
    {
        (_request, _progress, _data) = (request, progress, data);
        _days = new ImportDays(data);
    }

    /// <exception cref="ClusterException">A file or the folder cannot be used, or another import runs.</exception>
    public static async Task<ImportResult> RunAsync(ImportRequest request, IProgress<ImportProgress>? progress, CancellationToken cancellation)
    {
        var data = DataDirectory.Open(request.DataDir);
        await using var only = DataDirectory.TryLock(data.File("import.lock")) ?? throw new ClusterException($"another import into {data.Root} is running");
        ClusterIdentity.LoadOrCreate(data, request.ClusterName);
        return await new AuditLogImporter(request, progress, data).RunAsync(cancellation);
    }

    private async Task<ImportResult> RunAsync(CancellationToken cancellation)
    {
        using var rejected = new RejectedLines(_data);
        try
        {
            var logs = ImportFiles.Find(_request.Files);
            var recordings = ImportFiles.Find(_request.Recordings);
            _bytesTotal = logs.Concat(recordings).Sum(path => new FileInfo(path).Length);
            foreach (var path in logs)
                await ReadAsync(path, TakeEvent, rejected, cancellation);
            _days.HandOverAll();
            var sessions = new ImportRecordings(new RecordingStore(_data));
            foreach (var path in recordings)
                await ReadAsync(path, sessions.TryAdd, rejected, cancellation);
            sessions.Flush();
            return new ImportResult(_imported, _duplicates, rejected.Count, sessions.Added, sessions.Sessions, rejected.First, rejected.Files);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // What was handed over stays; the next run leaves it out.
            throw new ClusterException($"the import stopped: {error.Message}", error);
        }
    }

    private async Task ReadAsync(string path, Func<ReadOnlyMemory<byte>, string?> take, RejectedLines rejected, CancellationToken cancellation)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0, FileOptions.SequentialScan);
        await using var stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        using var lines = new LineReader(stream, LogLine.MaxBytes);
        var told = 0L;
        rejected.Begin(path);
        while (await lines.ReadAsync(cancellation))
        {
            var problem = lines.IsTooLong ? $"longer than {LogLine.MaxBytes} bytes" : lines.Line.IsEmpty ? null : take(lines.Line);
            if (problem is not null)
            {
                await rejected.AddAsync(lines, problem, cancellation);
                _rejected++;
            }
            if (lines.BytesRead - told >= ProgressBytes)
            {
                told = lines.BytesRead;
                Tell(path, file.Position);
            }
        }
        rejected.End();
        Tell(path, file.Length);
        _bytesBefore += file.Length;
    }

    private string? TakeEvent(ReadOnlyMemory<byte> line)
    {
        if (!LogLine.TryRead(line.Span, out var fields, out var nanoseconds, out var problem))
            return problem;
        switch (_days.Add(line.Span, fields, nanoseconds, out problem))
        {
            case ImportOutcome.Added:
                _imported++;
                break;
            case ImportOutcome.Duplicate:
                _duplicates++;
                break;
        }
        return problem;
    }

    private void Tell(string path, long position) =>
        _progress?.Report(new ImportProgress(path, _bytesBefore + position, _bytesTotal, _imported, _duplicates, _rejected));
}
