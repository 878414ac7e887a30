namespace Gatehouse.Torture.Peers;

/// <summary>
/// What the peers do wrong in one life of the handler. Each kind has a budget: the handler backs off longer with every failure, and a
/// run should take seconds.
/// </summary>
internal sealed class Faults(Dice dice)
{
    /// <summary>Recordings give up for a minute after a fourth broken stream in a row.</summary>
    private const int MostBroken = 2;
    private const int MostRefused = 3;

    private int _broken = MostBroken;
    private int _refused = MostRefused;
    private int _answers;
    private int _count;
    private volatile bool _on;

    /// <summary>Faults that happened, over all lives.</summary>
    public int Count => Volatile.Read(ref _count);

    public void NextLife(bool on)
    {
        Volatile.Write(ref _broken, MostBroken);
        Volatile.Write(ref _refused, MostRefused);
        Volatile.Write(ref _answers, dice.Below(12));
        _on = on;
    }

    /// <summary>Something that breaks every stream of a connection.</summary>
    public bool Breaks(double probability) => Happens(ref _broken, probability);

    /// <summary>A call that is answered with a failure.</summary>
    public bool Refuses(double probability) => Happens(ref _refused, probability);

    public ReceiverFault Receiver()
    {
        if (!Happens(ref _answers, 0.15))
            return ReceiverFault.None;
        return (ReceiverFault)dice.Between(1, 10);
    }

    public int Below(int end) => dice.Below(end);

    public TimeSpan Span(double least, double most) => dice.Span(least, most);

    private bool Happens(ref int left, double probability)
    {
        if (!_on || !dice.Chance(probability) || Interlocked.Decrement(ref left) < 0)
            return false;
        Interlocked.Increment(ref _count);
        return true;
    }
}

internal enum ReceiverFault
{
    None,
    ServerError,
    Busy,
    TooMany,
    Hang,
    ResetUnread,
    ResetRead,
    CloseUnanswered,

    /// <summary>From here on the receiver has the events, and its answer is lost.</summary>
    HangAccepted,
    ResetAccepted,
    CloseAccepted,
}
