using Gatehouse.Api.AuditLog;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gatehouse.Api.Tests.Grpc;

public sealed class StreamSizesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Small ones in front of large ones: what is left of the buffer when it must grow does not begin at its front.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Messages_of_mixed_sizes_arrive_as_they_were_sent(int seed)
    {
        var random = new Random(seed);
        var sent = Enumerable.Range(0, 300).Select(_ => new byte[random.Next(4) == 0 ? random.Next(40_000, 200_000) : random.Next(2_000)]).ToArray();
        foreach (var message in sent)
            random.NextBytes(message);
        var service = new GrpcServer();
        service.ServerStream(Methods.ExportUnstructuredEvents, ExportUnstructuredEventsRequest.Parser, async (_, response, _) =>
        {
            foreach (var message in sent)
                await response.WriteBytesAsync(message);
        });
        await using var server = await OurServer.StartAsync(service);
        using var channel = Channels.To(server.Port);

        await using var stream = await channel.ServerStreamAsync(Methods.ExportUnstructuredEvents, new Empty(), Cancellation);
        var received = 0;
        while (await stream.WaitToReadAsync(Cancellation))
        {
            while (stream.TryRead(out var message))
                Assert.True(message.SequenceEqual(sent[received++]), $"message {received - 1} is another");
        }
        Assert.Equal(sent.Length, received);
    }
}
