using System.Text;

namespace Gatehouse.Events.Generation;

/// <summary>Who, where and what for one event or one session: JSON text for each <see cref="Slot"/>.</summary>
internal sealed class Scene
{
    private static readonly int Slots = Enum.GetValues<Slot>().Length;

    private readonly byte[][] _values;

    public Scene() => _values = [.. Enumerable.Repeat(Array.Empty<byte>(), Slots)];

    private Scene(byte[][] values) => _values = values;

    public byte[] this[Slot slot]
    {
        get => _values[(int)slot];
        set => _values[(int)slot] = value;
    }

    public byte[] this[int slot] => _values[slot];

    public void Set(Slot slot, string json) => this[slot] = Encoding.UTF8.GetBytes(json);

    /// <summary>Takes over everything another scene has set.</summary>
    public void Add(Scene part)
    {
        for (var i = 0; i < _values.Length; i++)
        {
            if (part._values[i].Length > 0)
                _values[i] = part._values[i];
        }
    }

    public Scene Copy() => new((byte[][])_values.Clone());
}
