using System.Globalization;
using Gatehouse.EventHandler;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Outputs.Fluentd;
using Gatehouse.EventHandler.Settings;
using Gatehouse.Hosting.Logging;
using Gatehouse.Hosting.Settings;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Cli.Commands;

/// <summary><c>event-handler dead-letters</c>: what the receiver refused for good, and sending it again.</summary>
internal static class DeadLettersCommands
{
    public static CommandSpec Spec { get; } = new("dead-letters", "Events that were refused for good")
    {
        Commands =
        [
            new CommandSpec("list", "Show the dead letters")
            {
                Settings = [.. StartOptions.StateSettings, new("format", SettingType.Text, "text, or json for the lines as they are kept") { Default = "text", Choices = ["text", "json"], InFile = false }],
                Check = (values, around, problems) => StartOptions.PlanState(values, around, problems),
                Examples = ["--config /etc/teleport-event-handler.toml"],
                Run = ListAsync,
            },
            new CommandSpec("replay", "Send the dead letters again, have given-up recordings streamed again, and remove both")
            {
                Settings =
                [
                    .. StartOptions.StateSettings,
                    .. StartOptions.ReceiverSettings,
                    new("only-types", SettingType.List, "Only events of these types") { InFile = false },
                ],
                Check = (values, around, problems) =>
                {
                    StartOptions.PlanState(values, around, problems);
                    StartOptions.PlanReceiver(values, problems);
                },
                Examples = ["--config /etc/teleport-event-handler.toml"],
                Run = ReplayAsync,
            },
        ],
    };

    private static async Task<int> ListAsync(CommandCall call, CancellationToken cancellation)
    {
        await call.WarnAsync();
        var path = Path.Combine(Directory(call), DeadLetterFile.FileName);
        var raw = call.Values.Text("format") == "json";
        var count = 0;
        try
        {
            await foreach (var letter in DeadLetterFile.ReadAsync(path, cancellation))
            {
                count++;
                await call.Out.WriteLineAsync(raw ? System.Text.Encoding.UTF8.GetString(letter.Line.Span) : Show(letter));
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return await call.FailAsync($"dead-letters: {failure.Message}");
        }
        if (!raw)
            await call.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{count} dead letters in {path}"));
        return 0;
    }

    private static async Task<int> ReplayAsync(CommandCall call, CancellationToken cancellation)
    {
        await call.WarnAsync();
        var directory = Directory(call);
        if (!System.IO.Directory.Exists(directory))
            return await call.FailAsync($"dead-letters: there is no state in {directory}");
        var types = call.Values.List("only-types").ToHashSet(StringComparer.Ordinal);
        using var logs = ConsoleLog.Create(LogFormat.Text, call.Values.Switch("debug") ? LogLevel.Debug : LogLevel.Warning, TimeProvider.System);
        try
        {
            using var metrics = new OutputMetrics();
            using var output = new FluentdOutput(
                StartOptions.PlanReceiver(call.Values, new ProblemList())!, metrics, TimeProvider.System, logs.CreateLogger("Gatehouse.EventHandler"));
            var result = await DeadLetterReplay.RunAsync(
                directory, output, types.Count == 0 ? null : letter => types.Contains(letter.EventType), TimeProvider.System, cancellation);
            await call.Out.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Delivered} delivered, {result.RefusedAgain} refused again, {result.Left} not reached, {result.NotTried} not tried"));
            if (result.HandedBack > 0)
                await call.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{result.HandedBack} recordings handed back to the handler, which streams them within a minute or when it is started"));
            if (result.LastRefusal is not null)
                await call.Error.WriteLineAsync($"last refusal: {result.LastRefusal}");
            return result.Trouble is null ? 0 : await call.FailAsync($"dead-letters: {result.Trouble}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or Hosting.Tls.TlsFileException)
        {
            return await call.FailAsync($"dead-letters: {failure.Message}");
        }
    }

    private static string Directory(CommandCall call) => StartOptions.PlanState(call.Values, call.Around, new ProblemList())!;

    private static string Show(DeadLetter letter)
    {
        var time = letter.Time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "?";
        var what = letter.Kind == DeadLetterKind.Event ? letter.EventType : letter.Kind.ToString().ToLowerInvariant();
        var session = letter.SessionId is null ? "" : $" session {letter.SessionId}";
        return $"{time} {what}{session}: {letter.Reason}";
    }
}
