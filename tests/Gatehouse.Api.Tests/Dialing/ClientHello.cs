using System.Buffers.Binary;
using System.Text;

namespace Gatehouse.Api.Tests.Dialing;

/// <summary>Server name, application protocols and versions of a TLS ClientHello (RFC 8446 4.1.2).</summary>
internal sealed record ClientHello(string? ServerName, IReadOnlyList<string> Protocols, IReadOnlyList<int> Versions)
{
    /// <param name="record">The first TLS record.</param>
    public static ClientHello Parse(ReadOnlySpan<byte> record)
    {
        var hello = record[(5 + 4 + 2 + 32)..];
        hello = hello[(1 + hello[0])..];
        hello = hello[(2 + BinaryPrimitives.ReadUInt16BigEndian(hello))..];
        hello = hello[(1 + hello[0])..];
        var extensions = hello.Slice(2, BinaryPrimitives.ReadUInt16BigEndian(hello));
        string? name = null;
        List<string> protocols = [];
        List<int> versions = [];
        while (!extensions.IsEmpty)
        {
            var body = extensions.Slice(4, BinaryPrimitives.ReadUInt16BigEndian(extensions[2..]));
            switch (BinaryPrimitives.ReadUInt16BigEndian(extensions))
            {
                case 0:
                    name = Encoding.ASCII.GetString(body[5..]);
                    break;
                case 16:
                    for (var list = body[2..]; !list.IsEmpty; list = list[(1 + list[0])..])
                        protocols.Add(Encoding.ASCII.GetString(list.Slice(1, list[0])));
                    break;
                case 43:
                    for (var list = body[1..]; !list.IsEmpty; list = list[2..])
                        versions.Add(BinaryPrimitives.ReadUInt16BigEndian(list));
                    break;
            }
            extensions = extensions[(4 + body.Length)..];
        }
        return new ClientHello(name, protocols, versions);
    }
}
