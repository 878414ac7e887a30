using System.Reflection;
using System.Runtime.InteropServices;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.Cli.Commands;

/// <summary><c>version</c>: one line; the event handler's has the words that scripts look for.</summary>
internal static class VersionCommand
{
    public static CommandSpec OfEventHandler { get; } = new("version", "Print plugin version") { Run = (call, _) => PrintAsync(call, "Teleport event handler") };

    public static CommandSpec OfProduct { get; } = new("version", "Print the version") { Run = (call, _) => PrintAsync(call, "Gatehouse") };

    /// <summary>Without <c>v</c>, such as <c>0.1.0</c>.</summary>
    public static string Version => Informational.Split('+')[0];

    /// <summary>The commit this was built from; empty when the build did not know.</summary>
    public static string GitRef => Informational.Split('+') is [_, var commit, ..] ? commit : "";

    private static string Informational =>
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    private static async Task<int> PrintAsync(CommandCall call, string product)
    {
        var git = GitRef.Length == 0 ? "" : $"git:{GitRef} ";
        await call.Out.WriteLineAsync($"{product} v{Version} {git}{RuntimeInformation.FrameworkDescription}");
        return 0;
    }
}
