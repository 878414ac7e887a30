using System.Diagnostics;
using System.Text.Json.Nodes;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Cluster.Tests;

/// <summary>What a program said.</summary>
internal sealed record Said(int ExitCode, string Output, string Error)
{
    public IReadOnlyList<JsonNode> Lines =>
        Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();

    public IReadOnlyList<JsonNode> LinesOf(string what)
    {
        Assert.True(ExitCode == 0, $"{what}: exit {ExitCode}: {Error}");
        return Lines;
    }
}

/// <summary>Runs real programs against the service.</summary>
internal static class Programs
{
    /// <summary>A command on Teleport's own Go client library.</summary>
    public static Task<Said> ApiClientAsync(RunningCluster cluster, string command, string[] credential, params string[] arguments) =>
        RunAsync(ApiClient(), [command, "--addr", cluster.Address.ToString(), "--timeout", "10s", .. credential, .. arguments]);

    public static string[] Identity(string path) => ["--identity", path];

    public static string[] KeyPair(string path) => ["--cert", path + ".crt", "--key", path + ".key", "--ca", path + ".cas"];

    public static async Task<Said> RunAsync(string program, string[] arguments, string input = "")
    {
        var cancellation = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        await process.StandardInput.WriteAsync(input.AsMemory(), cancellation);
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellation);
        return new Said(process.ExitCode, await output, await error);
    }

    private static string ApiClient()
    {
        var path = Repository.Shared("peers", "bin", "teleport-api-client");
        Peer.RequireThat(path is not null, "teleport-api-client is not beside this checkout");
        return path!;
    }
}
