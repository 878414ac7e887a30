using Gatehouse.Cluster.Storage;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>
/// Lines an import could not take, exactly as they were, in <c>rejected/NAME.rejected</c> of the data directory: mended, that file can be
/// imported. A file of the same name from an earlier run is replaced when this run has rejected lines too.
/// </summary>
internal sealed class RejectedLines(DataDirectory data) : IDisposable
{
    private const int MaxReported = 100;

    private readonly List<RejectedLine> _first = [];
    private readonly List<string> _files = [];
    private string _source = "";
    private FileStream? _file;

    public long Count { get; private set; }
    public IReadOnlyList<RejectedLine> First => _first;
    public IReadOnlyList<string> Files => _files;

    public void Begin(string source) => _source = source;

    /// <summary>The line the reader stands at, in full even when it is too long to be held.</summary>
    public async ValueTask AddAsync(LineReader lines, string reason, CancellationToken cancellation)
    {
        Count++;
        if (_first.Count < MaxReported)
            _first.Add(new RejectedLine(_source, lines.Number, reason));
        _file ??= Open();
        await lines.CopyLineAsync(_file, cancellation);
        _file.Write("\n"u8);
    }

    public void End()
    {
        _file?.Flush(flushToDisk: true);
        _file?.Dispose();
        _file = null;
    }

    public void Dispose() => End();

    private FileStream Open()
    {
        var folder = data.File("rejected");
        Disk.CreateDirectory(folder);
        var name = Path.GetFileName(_source);
        var path = Path.Combine(folder, name + ".rejected");
        // Two sources of one name in one run.
        for (var number = 2; _files.Contains(path); number++)
            path = Path.Combine(folder, $"{name}.{number}.rejected");
        _files.Add(path);
        return Disk.CreateFile(path, FileMode.Create);
    }
}
