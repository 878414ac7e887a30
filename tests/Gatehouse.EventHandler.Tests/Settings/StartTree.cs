using Gatehouse.EventHandler.Settings;
using Gatehouse.Hosting.Settings;
using Gatehouse.Testing;

namespace Gatehouse.EventHandler.Tests.Settings;

/// <summary><c>teleport-event-handler start</c> up to its plan, with working files around it.</summary>
internal sealed class StartTree : IDisposable
{
    public TemporaryFolder Folder { get; } = new();

    public ExportPlan? Plan { get; private set; }

    public CommandCall? Call { get; private set; }

    public void Dispose() => Folder.Dispose();

    public async Task<CommandRun> RunAsync(IReadOnlyDictionary<string, string>? environment, params IReadOnlyList<string> args)
    {
        Plan = null;
        return await CommandRun.Of(Tree(), Folder.Path, environment, args);
    }

    /// <summary>The plan of a command line that must be right.</summary>
    public async Task<ExportPlan> AcceptAsync(IReadOnlyDictionary<string, string>? environment, params IReadOnlyList<string> args)
    {
        var run = await RunAsync(environment, args);
        Xunit.Assert.Equal("", run.Error);
        return Plan!;
    }

    private CommandSpec Tree() => new("teleport-event-handler", "Forwards")
    {
        Settings = StartOptions.Globals,
        Commands =
        [
            new CommandSpec("start", "Start log ingestion")
            {
                Settings = StartOptions.Settings,
                Check = (values, around, problems) => StartOptions.Plan("start", values, around, problems),
                Run = (call, _) =>
                {
                    Call = call;
                    Plan = StartOptions.Checked("start", call.Values, call.Around, call.Warnings);
                    return Task.FromResult(0);
                },
            },
        ],
    };
}
