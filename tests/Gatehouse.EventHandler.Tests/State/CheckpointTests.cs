using System.Diagnostics;
using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.State;

public sealed class CheckpointTests : IDisposable
{
    private readonly string _top = Directory.CreateTempSubdirectory("gatehouse-state-").FullName;

    private string State => Path.Combine(_top, "storage", "example.test_3025");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_top, recursive: true);

    [Fact]
    public async Task What_was_committed_is_there_when_opened_again()
    {
        var some = new SomeChanges(new Random(3));
        string before;
        await using (var checkpoint = Checkpoint.Open(State, TimeProvider.System))
        {
            await checkpoint.CommitAsync([new StateChange.Started(SomeChanges.StartTime)], Cancellation);
            for (var i = 0; i < 40; i++)
                await checkpoint.CommitAsync(some.Changes(), Cancellation);
            before = SomeChanges.Print(checkpoint.State);
        }
        await using var again = Checkpoint.Open(State, TimeProvider.System);
        Assert.Equal(before, SomeChanges.Print(again.State));
        Assert.Equal(41UL, again.Sequence);
        Assert.Equal(TimeSpan.FromHours(1), again.State.StartTime!.Value.Offset);
    }

    [Trait("Difference", "state-owner-only")]
    [Fact]
    public async Task The_state_is_for_its_owner_alone()
    {
        await using var checkpoint = Checkpoint.Open(State, TimeProvider.System);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(State));
        foreach (var file in Directory.EnumerateFiles(State))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Trait("Difference", "one-handler-a-directory")]
    [Fact]
    public async Task A_second_handler_on_the_directory_is_refused_and_told_who_has_it()
    {
        await using (Checkpoint.Open(State, TimeProvider.System))
        {
            var refusal = Assert.Throws<StateException>(() => Checkpoint.Open(State, TimeProvider.System));
            Assert.Contains(State, refusal.Message, StringComparison.Ordinal);
            Assert.Contains($"process {Environment.ProcessId}", refusal.Message, StringComparison.Ordinal);
        }
        await using var next = Checkpoint.Open(State, TimeProvider.System);
        Assert.Equal(0UL, next.Sequence);
    }

    [Fact]
    public async Task Another_process_holds_the_lock_as_long_as_it_lives()
    {
        var flock = Peer.Require("flock");
        await using (Checkpoint.Open(State, TimeProvider.System))
        {
        }
        // flock runs cat, which ends when its input does.
        var start = new ProcessStartInfo(flock, [Path.Combine(State, DirectoryLock.Name), "sh", "-c", "echo held; exec cat"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var holder = Process.Start(start)!;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync(Cancellation));
        Assert.Throws<StateException>(() => Checkpoint.Open(State, TimeProvider.System));
        // Not killed: what flock started would hold the lock a moment longer.
        holder.StandardInput.Close();
        await holder.WaitForExitAsync(Cancellation);
        await using var mine = Checkpoint.Open(State, TimeProvider.System);
        Assert.Equal(0UL, mine.Sequence);
    }

    [Trait("Difference", "storage-below-a-file")]
    [Fact]
    public void A_storage_path_below_a_plain_file_is_named()
    {
        File.WriteAllText(Path.Combine(_top, "plain"), "");
        var below = Path.Combine(_top, "plain", "example.test_3025");
        var refusal = Assert.Throws<StateException>(() => Checkpoint.Open(below, TimeProvider.System));
        Assert.StartsWith($"Can not create storage directory {below} : ", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_says_in_upstreams_words_where_the_state_is()
    {
        var log = new Lines();
        await using (Checkpoint.Open(State, TimeProvider.System, log))
        {
        }
        await using (Checkpoint.Open(State, TimeProvider.System, log))
        {
        }
        Assert.Equal([$"Created storage directory {State}", $"Using existing storage directory {State}"], log);
    }

    [Fact]
    public async Task A_cancelled_commit_changes_nothing()
    {
        await using var checkpoint = Checkpoint.Open(State, TimeProvider.System);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await checkpoint.CommitAsync([new StateChange.ModeChosen(SourceMode.Bulk)], new CancellationToken(true)));
        Assert.Equal(SourceMode.Undecided, checkpoint.State.Mode);
        Assert.Equal(0UL, checkpoint.Sequence);
    }

    [Fact]
    public async Task Settled_events_below_the_floor_do_not_pile_up()
    {
        await using var checkpoint = Checkpoint.Open(State, new FakeTimeProvider());
        var time = new DateTime(2024, 3, 1, 0, 0, 0, DateTimeKind.Utc);
        UInt128 key = 0;
        for (var page = 0; page < 100; page++)
        {
            time = time.AddMinutes(1);
            var events = Enumerable.Range(0, 500).Select(_ => new SettledEvent(key++, time)).ToArray();
            await checkpoint.CommitAsync([new StateChange.PageSettled(time, time.AddMinutes(-5), [.. events])], Cancellation);
        }
        Assert.True(checkpoint.State.Paged.Settled.Count < 12_000, $"{checkpoint.State.Paged.Settled.Count} are remembered");
        Assert.Equal(3_000, checkpoint.State.Paged.Settled.Count(e => e.Value >= time.AddMinutes(-5)));
    }

    private sealed class Lines : List<string>, ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var directory = (state as IReadOnlyList<KeyValuePair<string, object?>>)?.FirstOrDefault(field => field.Key == "dir").Value;
            Add($"{formatter(state, exception)} {directory}");
        }
    }
}
