using System.Buffers;
using System.Text;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Gatehouse.Events.Tests;

/// <summary>Messages and documents the tests share.</summary>
internal static class Some
{
    /// <summary>Every line of a real cluster's audit log.</summary>
    public static string[] RealEvents() => File.ReadAllLines(Repository.PathOf("tests", "data", "real-events", "events.ndjson"));

    /// <summary>An <c>EventUnstructured</c> around a document, made by Google.Protobuf.</summary>
    public static byte[] Message(Struct document) => new EventUnstructured { Type = "t", Id = "i", Unstructured = document }.ToByteArray();

    /// <summary>An <c>EventUnstructured</c> around bytes that claim to be a document.</summary>
    public static byte[] MessageAround(ReadOnlySpan<byte> document)
    {
        using var bytes = new MemoryStream();
        using var output = new CodedOutputStream(bytes);
        output.WriteTag(5, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(document));
        output.Flush();
        return bytes.ToArray();
    }

    public static string Decoded(ReadOnlySpan<byte> message)
    {
        using var batch = new EventBatch();
        EventDecoder.Append(message, batch);
        return Encoding.UTF8.GetString(batch.Json(0).Span);
    }

    public static byte[] Encoded(string json)
    {
        var output = new ArrayBufferWriter<byte>();
        StructEncoder.Write(Encoding.UTF8.GetBytes(json), output);
        return output.WrittenSpan.ToArray();
    }
}
