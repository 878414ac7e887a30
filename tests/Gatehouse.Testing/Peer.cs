using Xunit;

namespace Gatehouse.Testing;

/// <summary>Real programs that tests talk to. A missing one is a skip at a desk and a failure in CI.</summary>
public static class Peer
{
    private static bool InCi => string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>Path of a program on PATH, or the end of the test.</summary>
    public static string Require(string program)
    {
        var path = Find(program);
        if (path is not null)
            return path;
        RequireThat(false, $"{program} is not installed; ./build.sh test installs it");
        throw new InvalidOperationException();
    }

    /// <summary>Path of a program on PATH that no Debian package brings: without it the test is skipped, in CI too.</summary>
    public static string Optional(string program)
    {
        var path = Find(program);
        Assert.SkipWhen(path is null, $"{program} is not on PATH");
        return path!;
    }

    /// <summary>Goes on when <paramref name="present"/>; else skips, or fails in CI.</summary>
    public static void RequireThat(bool present, string missing)
    {
        if (present)
            return;
        if (InCi)
            Assert.Fail(missing);
        Assert.Skip(missing);
    }

    private static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Append("/usr/sbin")
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(File.Exists);
}
