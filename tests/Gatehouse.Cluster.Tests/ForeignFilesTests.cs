using Gatehouse.Cluster.AuditLog;
using Gatehouse.Cluster.Auth;
using Gatehouse.Cluster.Storage;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Cluster.Tests;

/// <summary>Files of somebody else in the data directory, as after a command that root ran beside a service of another user.</summary>
public sealed class ForeignFilesTests
{
    private const string ServiceUser = "61234";

    /// <summary>Opening it works and reading it fails, for root too.</summary>
    private const string Unreadable = "/proc/self/mem";

    [Fact]
    public async Task What_root_makes_belongs_to_the_owner_of_the_data_directory_but_a_credential_to_root()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            Assert.Skip("only root can run a command beside a service of another user");
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["data"]);
        Directory.CreateDirectory(folder["out"]);
        Assert.Equal(0, (await Programs.RunAsync("chown", [$"{ServiceUser}:{ServiceUser}", folder["data"], folder["out"]])).ExitCode);
        var credential = folder["out", "dora"];
        await AuthSign.RunAsync(
            new SignRequest { DataDir = folder["data"], User = "dora", Out = credential, Format = CredentialFormat.File, Roles = ["auditor"], ClusterName = "c" },
            TimeProvider.System, TestContext.Current.CancellationToken);
        var events = folder["events.log"];
        await File.WriteAllBytesAsync(events, [.. Some.Event("e0", "2026-11-21T00:00:00Z"), .. "\nno event\n"u8], TestContext.Current.CancellationToken);
        await AuditLogImporter.RunAsync(
            new ImportRequest { DataDir = folder["data"], Files = [events], Recordings = [], ClusterName = "c" }, null, TestContext.Current.CancellationToken);
        await using (Some.Log(folder["data"]))
        {
            // Takes over, which makes the days' folders.
        }
        var made = await Programs.RunAsync("find", [folder["data"], "-name", "users.json", "-o", "-name", "*.ndjson", "-o", "-name", "*.rejected", "-o", "-name", "2026-11-21"]);
        Assert.Equal(5, made.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        var foreign = await Programs.RunAsync("find", [folder["data"], "!", "(", "-uid", ServiceUser, "-gid", ServiceUser, ")"]);
        Assert.Equal((0, ""), (foreign.ExitCode, foreign.Output));
        Assert.Equal("0\n", (await Programs.RunAsync("stat", ["-c", "%u", credential])).Output);
    }

    [Fact]
    public async Task An_old_file_is_not_given_away_when_it_is_opened_again()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            Assert.Skip("only root gives files away");
        using var folder = new TemporaryFolder();
        folder.Write("of-root", "x");
        Directory.CreateDirectory(folder["data"]);
        File.CreateSymbolicLink(folder["data", "import.lock"], folder["of-root"]);
        Assert.Equal(0, (await Programs.RunAsync("chown", [ServiceUser, folder["data"]])).ExitCode);
        await using (DataDirectory.TryLock(folder["data", "import.lock"]))
        {
        }
        Assert.Equal("0\n", (await Programs.RunAsync("stat", ["-c", "%u", folder["of-root"]])).Output);
    }

    [Fact]
    public async Task A_segment_that_cannot_be_read_waits_is_said_once_and_holds_up_nothing()
    {
        Linux();
        using var folder = new TemporaryFolder();
        using var logged = new LoggedLines();
        var data = DataDirectory.Open(folder["data"]);
        var bad = Path.Combine(data.Incoming, "2026-11-20.bad.ndjson");
        File.CreateSymbolicLink(bad, Unreadable);
        await RunningCluster.SignAsync(folder["data"], "teleport-event-handler", CredentialFormat.File);
        await using var log = EventLog.Open(data, new EventLogOptions { SealAfter = TimeSpan.FromHours(1) }, TimeProvider.System, logged);
        await log.SealAsync(TestContext.Current.CancellationToken);
        Assert.Single(Some.Ids(log, Some.Search()));
        Assert.Equal([bad], Directory.GetFiles(data.Incoming));
        Assert.Contains("2026-11-20.bad", Assert.Single(logged.Lines), StringComparison.Ordinal);

        File.Delete(bad);
        await File.WriteAllBytesAsync(bad, [.. Some.Event("e0", "2026-11-20T00:00:00Z"), (byte)'\n'], TestContext.Current.CancellationToken);
        await log.SealAsync(TestContext.Current.CancellationToken);
        Assert.Equal("e0", Some.Ids(log, Some.Search())[0]);
        Assert.Empty(Directory.GetFiles(data.Incoming));
    }

    [Fact]
    public async Task A_users_file_that_cannot_be_read_stops_a_start_and_leaves_a_running_service_as_it_was()
    {
        Linux();
        using var folder = new TemporaryFolder();
        using var logged = new LoggedLines();
        var data = DataDirectory.Open(folder["data"]);
        var users = data.File("users.json");
        var running = new Registry(data, logged);
        running.Save(new User("dora", ["auditor"]));
        Assert.NotNull(running.FindUser("dora"));
        var good = await File.ReadAllBytesAsync(users, TestContext.Current.CancellationToken);
        File.Delete(users);
        File.CreateSymbolicLink(users, Unreadable);
        Assert.NotNull(running.FindUser("dora"));
        Assert.NotNull(running.FindUser("dora"));
        Assert.Contains(users, Assert.Single(logged.Lines), StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<ClusterException>(() => RunningCluster.StartAsync(folder["data"]));
        Assert.StartsWith($"cannot use {users}: ", refused.Message, StringComparison.Ordinal);

        File.Delete(users);
        await File.WriteAllTextAsync(users, System.Text.Encoding.UTF8.GetString(good).Replace("dora", "nora", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Assert.NotNull(running.FindUser("nora"));
        Assert.Null(running.FindUser("dora"));
    }

    [Fact]
    public void A_log_that_cannot_be_read_is_a_refusal_with_its_path()
    {
        Linux();
        using var folder = new TemporaryFolder();
        var data = DataDirectory.Open(folder["data"]);
        Directory.CreateDirectory(Path.Combine(data.Log, "2026-11-21"));
        File.CreateSymbolicLink(Path.Combine(data.Log, "2026-11-21", "20261121T000000000.ndjson"), Unreadable);
        var refused = Assert.Throws<ClusterException>(() => EventLog.Open(data, new EventLogOptions(), TimeProvider.System, NullLoggerFactory.Instance));
        Assert.StartsWith($"cannot use {data.Log}", refused.Message, StringComparison.Ordinal);
    }

    private static void Linux()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("needs a file that opens and cannot be read");
    }
}
