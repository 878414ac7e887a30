using Gatehouse.Hosting.Settings;

namespace Gatehouse.EventHandler.Settings;

public static partial class StartOptions
{
    private static void CheckAddr(SettingValues values, ProblemList problems)
    {
        var addr = values.Text("teleport-addr")!;
        // Upstream's words: the address names the state directory.
        var problem = addr == ":" ? $"Can not generate cursor name from Teleport host {addr}" : AddressProblem(addr);
        var hint = addr.Contains("://", StringComparison.Ordinal)
            ? "write host:port without a scheme"
            : "host:port of an auth service (port 3025) or a proxy (443 or 3080)";
        if (problem is not null)
            problems.Add("teleport-addr", problem, hint);
    }

    private static void CheckDiagAddr(string? addr, ProblemList problems)
    {
        if (!string.IsNullOrEmpty(addr) && AddressProblem(addr) is { } problem)
            problems.Add("diag-addr", $"--diag-addr: {problem}", "such as 127.0.0.1:3000, or :3000 for all addresses");
    }

    private static string? AddressProblem(string text) =>
        HostPort.TryParse(text, out var problem) is { Number: null } parts ? $"address {text}: invalid port \"{parts.Port}\"" : problem;
}
