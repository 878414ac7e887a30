using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gatehouse.Events.Tests;

/// <summary>
/// Any bytes at all, given to everything here that reads bytes from outside. Refusing with <see cref="MalformedEventException"/> is
/// right, any other exception is a finding, and what is accepted must hold together (docs/fuzzing.md).
/// </summary>
internal static class FuzzTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        Decode(input, exported: false);
        Decode(input, exported: true);
        ReadPage(input.ToArray());
        ReadDocument(input);
    }

    private static void Decode(ReadOnlySpan<byte> wire, bool exported)
    {
        using var batch = new EventBatch(64);
        try
        {
            if (exported)
                EventDecoder.AppendExported(wire, batch);
            else
                EventDecoder.Append(wire, batch);
        }
        catch (MalformedEventException)
        {
            Hold(batch.Count == 0 && batch.JsonBytes == 0, "a refused message left something behind");
            return;
        }
        var json = batch.Json(0).Span;
        Parse(json);
        var encoded = new ArrayBufferWriter<byte>();
        EventEncoder.Write(default, default, json, encoded);
        EventDecoder.Append(encoded.WrittenSpan, batch);
        Hold(batch.Json(1).Span.SequenceEqual(batch.Json(0).Span), "the document changed on the way to the wire and back");
        Hold(EventKey.OfContent(batch.Json(1).Span) == EventKey.OfContent(batch.Json(0).Span), "the key changed");
    }

    private static void ReadPage(byte[] wire)
    {
        try
        {
            var page = EventDecoder.ReadPage(wire);
            Hold(page.Items.Sum(item => item.Length) <= wire.Length, "a page has more bytes than it came in");
        }
        catch (MalformedEventException)
        {
        }
    }

    private static void ReadDocument(ReadOnlySpan<byte> json)
    {
        var accepted = EventDocument.TryRead(json, out var fields, out var problem);
        Hold(accepted == (problem is null), "accepted with a problem, or refused without one");
        var wire = new ArrayBufferWriter<byte>();
        try
        {
            EventEncoder.Write(fields, fields.Uid, json, wire);
        }
        catch (MalformedEventException)
        {
            Hold(!accepted, "an accepted document cannot be encoded");
            return;
        }
        using var batch = new EventBatch(64);
        EventDecoder.Append(wire.WrittenSpan, batch);
        Parse(batch.Json(0).Span);
        if (!accepted)
            return;
        Hold(batch[0].Type == Encoding.UTF8.GetString(fields.Type), "the type changed");
        Hold(batch.Text(batch[0].SessionId).SequenceEqual(fields.SessionId), "the session id changed");
        Hold(batch[0].HasUid == !fields.Uid.IsEmpty, "the uid was lost");
    }

    private static void Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = EventLimits.MaxDepth });
        while (reader.Read())
        {
        }
    }

    private static void Hold(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException(otherwise);
    }
}
