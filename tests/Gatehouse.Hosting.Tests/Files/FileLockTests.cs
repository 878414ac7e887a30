using System.Diagnostics;
using Gatehouse.Hosting.Files;
using Gatehouse.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Hosting.Tests.Files;

public sealed class FileLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_lock_is_for_one_and_free_again_when_he_is_done()
    {
        using (var first = FileLock.TryTake(_folder["l"]))
        {
            Assert.NotNull(first);
            Assert.Null(FileLock.TryTake(_folder["l"]));
            first.File.Write("who I am"u8);
            Assert.Equal("who I am", FileLock.Peek(_folder["l"]));
        }
        using var second = FileLock.TryTake(_folder["l"]);
        Assert.NotNull(second);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["l"]));
    }

    [Fact]
    public async Task A_lock_of_another_program_counts_and_ends_with_it_however_it_ends()
    {
        var flock = Peer.Require("flock");
        var start = new ProcessStartInfo(flock, [_folder["l"], "sh", "-c", "echo held; exec cat"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        using var other = Process.Start(start)!;
        Assert.Equal("held", await other.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Null(FileLock.TryTake(_folder["l"]));
        // The lock is with the program that flock started, too: both end.
        other.Kill(entireProcessTree: true);
        await other.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await other.WaitForExitAsync(TestContext.Current.CancellationToken);
        using var taken = FileLock.TryTake(_folder["l"]);
        Assert.NotNull(taken);
    }

    [Fact]
    public async Task Waiting_for_a_lock_ends_when_it_is_free_or_the_time_is_over()
    {
        var time = new FakeTimeProvider();
        var cancellation = TestContext.Current.CancellationToken;
        var held = FileLock.TryTake(_folder["l"])!;
        var waiting = FileLock.TakeAsync(_folder["l"], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), time, cancellation).AsTask();
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await waiting);

        waiting = FileLock.TakeAsync(_folder["l"], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), time, cancellation).AsTask();
        Assert.False(waiting.IsCompleted);
        held.Dispose();
        time.Advance(TimeSpan.FromSeconds(1));
        using var taken = await waiting;
        Assert.NotNull(taken);
    }

    [Fact]
    public void A_lock_that_cannot_be_made_is_no_lock_of_somebody_else()
    {
        Assert.ThrowsAny<IOException>(() => FileLock.TryTake(_folder["no", "such", "folder"]));
        Assert.Null(FileLock.Peek(_folder["nothing"]));
        var failure = Assert.Throws<IOException>(() => DirectorySync.Flush(_folder["nothing"]));
        Assert.Contains(_folder["nothing"], failure.Message, StringComparison.Ordinal);
        DirectorySync.Flush(_folder.Path);
    }
}
