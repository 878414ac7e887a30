using System.Globalization;
using Gatehouse.Cluster;
using Gatehouse.Cluster.AuditLog;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.Cli.Commands;

/// <summary><c>gatehouse audit-log import</c>: takes the log of a Teleport auth server, and recordings, into a cluster's log.</summary>
internal static class AuditLogImportCommand
{
    public static CommandSpec Spec { get; } = new("import", "Take over the audit log of a Teleport auth server")
    {
        Arguments = [new("file", SettingType.List, "Logs with one event a line, also .gz, or folders of *.log") { TakesRest = true }],
        Settings =
        [
            ClusterSettings.DataDir,
            new("recordings", SettingType.List, "Files of session recordings, lines of {\"sid\", \"event\"}") { Placeholder = "FILE" },
            ClusterSettings.ClusterName,
        ],
        Check = (values, _, problems) =>
        {
            if (values.List("file").Count == 0 && values.List("recordings").Count == 0)
                problems.Add("file", "expected \"<file> ...\" or --recordings=FILE,...");
        },
        Examples = ["--data-dir /var/lib/gatehouse /var/lib/teleport/log/events.log", "--data-dir D events.ndjson --recordings recordings.ndjson"],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(CommandCall call, CancellationToken cancellation)
    {
        var bar = call.Around.ErrorIsTerminal ? new ProgressLine(call.Error) : null;
        ImportResult result;
        try
        {
            result = await AuditLogImporter.RunAsync(
                new ImportRequest
                {
                    DataDir = call.Around.Absolute(call.Values.Text("data-dir")!),
                    Files = [.. call.Values.List("file").Select(call.Around.Absolute)],
                    Recordings = [.. call.Values.List("recordings").Select(call.Around.Absolute)],
                    ClusterName = call.Values.Text("cluster-name"),
                },
                bar is null ? null : new ImportBar(bar),
                cancellation);
        }
        catch (ClusterException failure)
        {
            bar?.End();
            return await call.FailAsync(failure.Message);
        }
        bar?.End();
        foreach (var line in result.FirstRejected)
            await call.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{line.File}:{line.Line}: {line.Reason}"));
        await call.Out.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Imported} events imported, {result.Duplicates} were there already, {result.Rejected} lines rejected; {result.RecordingEvents} events of {result.Recordings} recordings"));
        if (result.RejectedFiles.Count > 0)
            await call.Out.WriteLineAsync($"Rejected lines are kept in {string.Join(", ", result.RejectedFiles)}");
        return 0;
    }

    /// <summary>Synchronous, unlike <see cref="Progress{T}"/>: nothing is drawn after the end.</summary>
    private sealed class ImportBar(ProgressLine line) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) =>
            line.Draw(value.BytesRead, value.BytesTotal, string.Create(CultureInfo.InvariantCulture, $"{value.Imported:N0} events, {value.Rejected:N0} rejected"));
    }
}
