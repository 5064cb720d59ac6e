using System.Net;
using System.Net.Sockets;

namespace OrleansPs.Grains.Tests;

/// <summary>How a silo learns that the process at the other end of a connection is gone.</summary>
public sealed class PeerConnectionTests : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private readonly TcpListener _peer = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();

    public PeerConnectionTests() => _peer.Start();

    public void Dispose()
    {
        _peer.Dispose();
        _stop.Dispose();
    }

    /// <summary>Orleans writes first: a silo's greeting must not be taken for the end of its connection.</summary>
    [Fact]
    public async Task A_connection_is_held_through_the_peers_greeting_until_it_ends()
    {
        var holding = PeerConnection.HoldAsync(_peer.LocalEndpoint, s_limit, _stop.Token);
        using (var accepted = await _peer.AcceptSocketAsync())
        {
            await GreetAsync(accepted);
            Assert.False(holding.IsCompleted);
        }
        Assert.Equal(Held.Ended, await holding);
    }

    [Fact]
    public async Task A_connection_that_is_reset_has_ended()
    {
        var holding = PeerConnection.HoldAsync(_peer.LocalEndpoint, s_limit, _stop.Token);
        var accepted = await _peer.AcceptSocketAsync();
        await GreetAsync(accepted);
        accepted.Close(0);
        Assert.Equal(Held.Ended, await holding);
    }

    /// <summary>Something between may end what it has not let through, and go on refusing: that is nobody's death.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_that_ends_without_a_greeting_tells_nothing(bool isReset)
    {
        var holding = PeerConnection.HoldAsync(_peer.LocalEndpoint, s_limit, _stop.Token);
        var accepted = await _peer.AcceptSocketAsync();
        if (isReset) accepted.Close(0);
        else accepted.Dispose();
        Assert.Equal(Held.Unknown, await holding);
    }

    [Fact]
    public async Task A_port_nobody_listens_at_refuses()
    {
        var endpoint = _peer.LocalEndpoint;
        _peer.Stop();
        Assert.Equal(Held.Refused, await PeerConnection.HoldAsync(endpoint, s_limit, _stop.Token));
        Assert.True(await PeerConnection.IsRefusedAsync(endpoint, s_limit, _stop.Token));
    }

    [Fact]
    public async Task What_is_given_up_tells_nothing()
    {
        var holding = PeerConnection.HoldAsync(_peer.LocalEndpoint, s_limit, _stop.Token);
        using var accepted = await _peer.AcceptSocketAsync();
        await _stop.CancelAsync();
        Assert.Equal(Held.Unknown, await holding);
        Assert.False(await PeerConnection.IsRefusedAsync(_peer.LocalEndpoint, s_limit, CancellationToken.None));
    }

    // With more than both ends have room for: when it is sent, the first of it has been received.
    private static async Task GreetAsync(Socket accepted)
    {
        for (var i = 0; i < 64; i++) await accepted.SendAsync(new byte[1 << 20]);
    }
}
