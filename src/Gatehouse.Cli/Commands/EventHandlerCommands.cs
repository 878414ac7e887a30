using Gatehouse.EventHandler;
using Gatehouse.EventHandler.Settings;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.Cli.Commands;

/// <summary>Everything that <c>teleport-event-handler</c> can do, and what ours can besides.</summary>
internal static class EventHandlerCommands
{
    public static CommandSpec Tree() => new("event-handler", "Forwards Teleport AuditLog to external sources")
    {
        Settings = StartOptions.Globals,
        Commands =
        [
            VersionCommand.OfEventHandler,
            ConfigureCommandLine.Spec,
            StartCommand.Spec,
            CheckCommand.Spec,
            StateCommands.Spec,
            DeadLettersCommands.Spec,
        ],
    };
}
