using System.Globalization;
using Gatehouse.Cluster.AuditLog;
using Gatehouse.Events.Generation;

namespace Gatehouse.Cli.Up;

/// <summary>What is in the log before the services start: made-up events of a week, or somebody's own.</summary>
internal static class History
{
    public const string ClusterName = "example.test";
    private static readonly TimeSpan Span = TimeSpan.FromDays(7);

    /// <summary>About one session in so many events.</summary>
    private const int EventsPerSession = 60;

    /// <summary>Generates and imports; done twice it leaves the same log.</summary>
    public static async Task GenerateAsync(UpPlan plan, UpDirectory directory, DateTime until, CancellationToken cancellation)
    {
        var options = new GeneratorOptions
        {
            Count = plan.Events,
            Seed = plan.Seed,
            From = until - Span,
            To = until,
            Sessions = plan.Events / EventsPerSession,
            ClusterName = ClusterName,
        };
        var (events, recordings) = (directory.PathOf("history.ndjson"), directory.PathOf("history-recordings.ndjson"));
        await using (var eventFile = File.Create(events))
        await using (var recordingFile = File.Create(recordings))
            await new EventGenerator(options).WriteAsync(eventFile, recordingFile, null, cancellation);
        await ImportAsync(directory, [events], [recordings], cancellation);
        File.Delete(events);
        File.Delete(recordings);
    }

    /// <summary>Takes logs and recordings into the cluster, whether it runs or not.</summary>
    /// <exception cref="Cluster.ClusterException">A file cannot be read.</exception>
    public static Task<ImportResult> ImportAsync(
        UpDirectory directory, IReadOnlyList<string> events, IReadOnlyList<string> recordings, CancellationToken cancellation) =>
        AuditLogImporter.RunAsync(
            new ImportRequest { DataDir = directory.Cluster, Files = events, Recordings = recordings, ClusterName = ClusterName }, null, cancellation);

    /// <summary>
    /// Counts the events in a log at rest and finds its first day. Reads the lines of the segments, <c>log/DAY/NAME.ndjson</c> and, when they
    /// wait to be taken over, <c>log/incoming/DAY.ID.ndjson</c>.
    /// </summary>
    public static (long Events, DateTime? FirstDay) Measure(UpDirectory directory)
    {
        var log = Path.Combine(directory.Cluster, "log");
        long events = 0;
        DateTime? first = null;
        foreach (var path in System.IO.Directory.EnumerateFiles(log, "*.ndjson", SearchOption.AllDirectories))
        {
            var folder = Path.GetFileName(Path.GetDirectoryName(path))!;
            var name = folder == "incoming" ? Path.GetFileName(path).Split('.')[0] : folder;
            if (!DateTime.TryParseExact(name, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var day))
                continue;
            events += Lines.Count(path);
            first = first is { } known && known < day ? known : day;
        }
        return (events, first);
    }
}
