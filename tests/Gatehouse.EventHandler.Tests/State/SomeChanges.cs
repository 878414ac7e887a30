using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Gatehouse.EventHandler.State;
using Xunit;

namespace Gatehouse.EventHandler.Tests.State;

/// <summary>Changes as a handler makes them, by chance but in sense; and a state as text that two states are compared by.</summary>
internal sealed class SomeChanges(Random random)
{
    private static readonly DateTime Epoch = new(2024, 3, 1, 0, 0, 0, DateTimeKind.Utc);
    private DateTime _newest = Epoch;
    private int _sessions;

    public static DateTimeOffset StartTime { get; } = new(2024, 3, 1, 1, 0, 0, TimeSpan.FromHours(1));

    public List<StateChange> Changes() => [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Change())];

    public StateChange Change() => random.Next(13) switch
    {
        0 => new StateChange.ModeChosen((SourceMode)random.Next(1, 3)),
        1 or 2 or 3 => Page(),
        4 => new StateChange.PositionFound(_newest, _newest.AddMinutes(-10), Settled()),
        5 => new StateChange.PositionTakenOver(new UpstreamPosition(
            Text(), Text(), random.Next(2) == 0 ? null : StartTime.AddSeconds(random.Next(100)))),
        6 => new StateChange.DayOpened(Day()),
        7 => new StateChange.ChunkAdvanced(Day(), Chunk(), Text()),
        8 => new StateChange.ChunkCompleted(Day(), Chunk()),
        9 => random.Next(4) == 0 ? new StateChange.DayClosed(Day()) : new StateChange.SessionGivenUp(Session()),
        10 => new StateChange.SessionQueued($"session-{_sessions++}", _newest),
        11 => random.Next(2) == 0 ? new StateChange.SessionAdvanced(Session(), random.Next(1000)) : new StateChange.SessionCompleted(Session()),
        _ => new StateChange.SessionMissing(Session(), random.Next(10), random.Next(3), _newest, _newest.AddMinutes(3)),
    };

    public StateChange.PageSettled Page()
    {
        _newest = _newest.AddSeconds(random.Next(120));
        return new StateChange.PageSettled(_newest, _newest.AddMinutes(-10), Settled());
    }

    /// <summary>Everything in a state that counts, in a fixed order.</summary>
    public static string Print(HandlerState state)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"start {state.StartTime:O} mode {state.Mode} taken {state.TakenOver} closed {state.ClosedThrough:O}\n");
        text.Append(CultureInfo.InvariantCulture, $"newest {state.Paged.Newest:O} floor {state.Paged.Floor:O}\n");
        foreach (var (key, time) in state.Paged.Settled.Where(e => e.Value >= state.Paged.Floor).OrderBy(e => e.Key))
            text.Append(CultureInfo.InvariantCulture, $"settled {key} {time:O}\n");
        foreach (var (day, progress) in state.Days)
        {
            text.Append(CultureInfo.InvariantCulture, $"day {day:O} completed {string.Join(',', progress.Completed.Order(StringComparer.Ordinal))}");
            text.Append(CultureInfo.InvariantCulture, $" cursors {string.Join(',', progress.Cursors.Select(c => $"{c.Key}={c.Value}").Order(StringComparer.Ordinal))}\n");
        }
        foreach (var (id, session) in state.Sessions)
            text.Append(CultureInfo.InvariantCulture, $"session {id} {session.NextIndex} {session.UploadedAt.Ticks}\n");
        foreach (var (id, missing) in state.Missing.OrderBy(m => m.Key, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"missing {id} {missing.NextIndex} {missing.Attempts} {missing.UploadedAt.Ticks} {missing.NextTry:O}\n");
        return text.ToString();
    }

    private ImmutableArray<SettledEvent> Settled() =>
    [
        .. Enumerable.Range(0, random.Next(6)).Select(_ => new SettledEvent(
            new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()), _newest.AddSeconds(-random.Next(900)))),
    ];

    private static DateOnly DayOne { get; } = DateOnly.FromDateTime(Epoch);

    private DateOnly Day() => DayOne.AddDays(random.Next(6));

    private string Chunk() => $"chunk-{random.Next(8)}";

    private string Session() => $"session-{random.Next(_sessions + 1)}";

    private string Text() => random.Next(5) switch { 0 => "", 1 => "ключ/\u2028\U0001F511", _ => random.NextInt64().ToString(CultureInfo.InvariantCulture) };
}
