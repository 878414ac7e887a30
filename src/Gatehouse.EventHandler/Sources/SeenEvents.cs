namespace Gatehouse.EventHandler.Sources;

/// <summary>
/// Events that were handed over or filtered out, by key, from <see cref="Floor"/> on. Everything before the floor counts as seen:
/// no search asks for it again. One writer, the source.
/// </summary>
internal sealed class SeenEvents
{
    /// <summary>An entry is some 40 bytes, here and once more in the checkpoint: a million is as much as a small machine should spend.</summary>
    public const int DefaultCapacity = 1_000_000;

    private readonly Dictionary<UInt128, DateTime> _times = [];
    private readonly int _capacity;
    private int _roomEndsAt;

    public SeenEvents(DateTime floor, IEnumerable<KeyValuePair<UInt128, DateTime>> settled, int capacity = DefaultCapacity)
    {
        _capacity = _roomEndsAt = capacity;
        Floor = floor;
        foreach (var (key, time) in settled)
            _times[key] = time;
    }

    public DateTime Floor { get; private set; }

    public int Count => _times.Count;

    public bool IsFull => _times.Count >= _roomEndsAt;

    /// <returns>
    /// False when the event was here before, or lies below the floor: some servers look up whole seconds and answer a little more
    /// than was asked for.
    /// </returns>
    public bool Add(UInt128 key, DateTime time) => time >= Floor && _times.TryAdd(key, time);

    /// <summary>Forgets what is older than <paramref name="floor"/>. The floor never moves back.</summary>
    public void RaiseFloor(DateTime floor)
    {
        if (floor <= Floor)
            return;
        Floor = floor;
        foreach (var (key, time) in _times)
        {
            if (time < floor)
                _times.Remove(key);
        }
        _roomEndsAt = Math.Max(_capacity, _times.Count + _capacity / 10);
    }

    /// <summary>Makes room by raising the floor past the oldest tenth. Events of one single instant cannot be parted and stay.</summary>
    public void MakeRoom()
    {
        var times = _times.Values.ToArray();
        Array.Sort(times);
        RaiseFloor(times[Math.Min(times.Length / 10, times.Length - 1)]);
        // Whether or not anything went, look again only after another tenth: sorting for every event would stand still.
        _roomEndsAt = Math.Max(_capacity, _times.Count + _capacity / 10);
    }
}
