using Gatehouse.Cli.Commands;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.Cli;

/// <summary>The command tree, and which part of it a name on disk stands for.</summary>
public static class FrontDoor
{
    /// <summary>Names of the binary that mean a part of it, as old unit files, charts and scripts call it.</summary>
    private static readonly Dictionary<string, Func<CommandSpec>> Aliases = new(StringComparer.Ordinal)
    {
        ["teleport-event-handler"] = EventHandlerCommands.Tree,
        ["teleport-plugin"] = EventHandlerCommands.Tree,
        ["tctl"] = Whole,
    };

    /// <summary>Runs a command line to its end and says the exit code.</summary>
    /// <param name="calledAs">The name of the binary, without its directory.</param>
    public static Task<int> RunAsync(string calledAs, IEnumerable<string> args, Surroundings around, CancellationToken cancellation) =>
        CommandRunner.RunAsync(TreeFor(calledAs), args, around, cancellation);

    /// <summary>The commands a name gives access to; the root carries that name.</summary>
    public static CommandSpec TreeFor(string calledAs) =>
        Aliases.TryGetValue(calledAs, out var tree) ? tree() with { Name = calledAs } : Whole();

    private static CommandSpec Whole() => new("gatehouse", "Audit pipeline for Teleport clusters, and an access gateway of its own")
    {
        Commands =
        [
            EventHandlerCommands.Tree(),
            ClusterStartCommand.Spec,
            new CommandSpec("auth", "Credentials of the cluster") { Commands = [AuthSignCommand.Spec] },
            new CommandSpec("audit-log", "The cluster's audit log") { Commands = [AuditLogImportCommand.Spec] },
            new CommandSpec("events", "Audit events as data") { Commands = [EventsGenerateCommand.Spec] },
            UpCommand.Spec,
            VersionCommand.OfProduct,
        ],
    };
}
