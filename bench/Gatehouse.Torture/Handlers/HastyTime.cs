namespace Gatehouse.Torture.Handlers;

/// <summary>The real clock with impatient short timers: waits before another try take a tenth, time limits of requests stay.</summary>
internal sealed class HastyTime : TimeProvider
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(9);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime > TimeSpan.Zero && dueTime < Short ? dueTime / 10 : dueTime, period);
}
