using System.Text;
using Gatehouse.Events.Text;

namespace Gatehouse.Events.Wire;

/// <summary>
/// A <c>google.protobuf.Value</c> read by the full rules of protobuf: fields in any order, repeated fields merged, the last kind of a
/// value wins, the last entry of a key wins, unknown fields passed over. It makes objects and is for the rare document that
/// <see cref="PlainStruct"/> gave up on; it also finds out what is wrong with a malformed one.
/// </summary>
internal sealed class StructTree
{
    private enum Kind
    {
        Null,
        Number,
        Text,
        True,
        False,
        Object,
        List,
    }

    private Kind _kind;
    private double _number;
    private string? _text;
    private OrderedDictionary<string, StructTree>? _fields;
    private List<StructTree>? _items;

    /// <summary>Reads a <c>Struct</c> message.</summary>
    /// <exception cref="MalformedEventException">It is none, or lies too deep, or holds a number JSON cannot say.</exception>
    public static StructTree ReadStruct(ReadOnlySpan<byte> message)
    {
        var tree = new StructTree();
        tree.MergeObject(message, 0, 1);
        return tree;
    }

    /// <summary>The text of a field, or null when it is absent or no text.</summary>
    public string? Text(string field) =>
        _fields is not null && _fields.TryGetValue(field, out var value) && value._kind == Kind.Text ? value._text : null;

    public void WriteTo(ref JsonText json)
    {
        switch (_kind)
        {
            case Kind.Null:
                json.PutRaw("null"u8);
                break;
            case Kind.True:
                json.PutRaw("true"u8);
                break;
            case Kind.False:
                json.PutRaw("false"u8);
                break;
            case Kind.Number:
                json.TryPutNumber(_number);
                break;
            case Kind.Text:
                json.PutString(Encoding.UTF8.GetBytes(_text!));
                break;
            case Kind.Object:
                WriteObject(ref json);
                break;
            case Kind.List:
                WriteList(ref json);
                break;
        }
    }

    private void WriteObject(ref JsonText json)
    {
        json.Put((byte)'{');
        var first = true;
        foreach (var (key, value) in _fields!)
        {
            json.PutKey(Encoding.UTF8.GetBytes(key), first);
            value.WriteTo(ref json);
            first = false;
        }
        json.Put((byte)'}');
    }

    private void WriteList(ref JsonText json)
    {
        json.Put((byte)'[');
        for (var i = 0; i < _items!.Count; i++)
        {
            if (i > 0)
                json.Put((byte)',');
            _items[i].WriteTo(ref json);
        }
        json.Put((byte)']');
    }

    private void MergeObject(ReadOnlySpan<byte> message, int origin, int depth)
    {
        CheckDepth(origin, depth);
        if (_kind != Kind.Object)
        {
            _kind = Kind.Object;
            _fields = [];
        }
        var reader = new WireReader(message, origin);
        while (reader.ReadTag(out var field, out var type))
        {
            if ((field, type) != (1, WireType.Bytes))
            {
                reader.Skip(field, type);
                continue;
            }
            var entry = reader.ReadBytes();
            MergeEntry(entry, reader.Offset - entry.Length, depth);
        }
    }

    private void MergeEntry(ReadOnlySpan<byte> entry, int origin, int depth)
    {
        var key = "";
        var value = new StructTree();
        var reader = new WireReader(entry, origin);
        while (reader.ReadTag(out var field, out var type))
        {
            switch (field, type)
            {
                case (1, WireType.Bytes):
                    key = Encoding.UTF8.GetString(reader.ReadBytes());
                    break;
                case (2, WireType.Bytes):
                    var bytes = reader.ReadBytes();
                    value.MergeValue(bytes, reader.Offset - bytes.Length, depth);
                    break;
                default:
                    reader.Skip(field, type);
                    break;
            }
        }
        _fields![key] = value;
    }

    private void MergeList(ReadOnlySpan<byte> message, int origin, int depth)
    {
        CheckDepth(origin, depth);
        if (_kind != Kind.List)
        {
            _kind = Kind.List;
            _items = [];
        }
        var reader = new WireReader(message, origin);
        while (reader.ReadTag(out var field, out var type))
        {
            if ((field, type) != (1, WireType.Bytes))
            {
                reader.Skip(field, type);
                continue;
            }
            var bytes = reader.ReadBytes();
            var item = new StructTree();
            item.MergeValue(bytes, reader.Offset - bytes.Length, depth);
            _items!.Add(item);
        }
    }

    private void MergeValue(ReadOnlySpan<byte> message, int origin, int depth)
    {
        var reader = new WireReader(message, origin);
        while (reader.ReadTag(out var field, out var type))
        {
            switch (field, type)
            {
                case (1, WireType.Varint):
                    reader.ReadVarint();
                    _kind = Kind.Null;
                    break;
                case (2, WireType.Fixed64):
                    _number = reader.ReadDouble();
                    if (!double.IsFinite(_number))
                        throw WireReader.Malformed("a number is not finite, which JSON cannot say", reader.Offset - 8);
                    _kind = Kind.Number;
                    break;
                case (3, WireType.Bytes):
                    _text = Encoding.UTF8.GetString(reader.ReadBytes());
                    _kind = Kind.Text;
                    break;
                case (4, WireType.Varint):
                    _kind = reader.ReadVarint() != 0 ? Kind.True : Kind.False;
                    break;
                case (5, WireType.Bytes):
                    var fields = reader.ReadBytes();
                    MergeObject(fields, reader.Offset - fields.Length, depth + 1);
                    break;
                case (6, WireType.Bytes):
                    var items = reader.ReadBytes();
                    MergeList(items, reader.Offset - items.Length, depth + 1);
                    break;
                default:
                    reader.Skip(field, type);
                    break;
            }
        }
    }

    private static void CheckDepth(int offset, int depth)
    {
        if (depth > EventLimits.MaxDepth)
            throw WireReader.Malformed($"objects and lists lie more than {EventLimits.MaxDepth} deep", offset);
    }
}
