using System.Net;
using Gatehouse.EventHandler.Configure;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Configure;

/// <summary>One run of <c>configure</c> into a folder, with what it printed and asked.</summary>
internal sealed class ConfigureRun
{
    private ConfigureRun(int exitCode, string output, string errors, IReadOnlyList<string> questions) =>
        (ExitCode, Output, Errors, Questions) = (exitCode, output, errors, questions);

    public int ExitCode { get; }

    public string Output { get; }

    public string Errors { get; }

    public IReadOnlyList<string> Questions { get; }

    /// <param name="answers">One for each question on the terminal; null for no terminal.</param>
    public static async Task<ConfigureRun> Of(ConfigurePlan plan, string[]? answers = null, Func<string, IPAddress[]>? resolve = null)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var questions = new List<string>();
        ValueTask<string?> Ask(string question, CancellationToken cancellation)
        {
            questions.Add(question);
            return ValueTask.FromResult<string?>(answers![questions.Count - 1]);
        }
        var command = new ConfigureCommand(
            plan,
            output,
            errors,
            answers is null ? null : Ask,
            (name, _) => Task.FromResult((resolve ?? (_ => [IPAddress.Loopback]))(name)),
            TimeProvider.System);
        var exitCode = await command.RunAsync(TestContext.Current.CancellationToken);
        return new ConfigureRun(exitCode, output.ToString(), errors.ToString(), questions);
    }

    /// <summary>Small keys: made in a moment.</summary>
    public static ConfigurePlan Plan(TemporaryFolder folder, string? password = null) => new()
    {
        OutDirectory = folder.Path,
        KeyLength = 1024,
        App = "teleport-event-handler",
        Header = "Teleport event handler 15.3.1 v15.3.1-0-g0000000",
        ReadPassword = _ => ValueTask.FromResult(password is null ? null : System.Text.Encoding.UTF8.GetBytes(password)),
    };
}
