using FastEndpoints;

namespace Games.Api.Ops;

/// <summary>
/// What the endpoints of the outbox share. They are in no OpenAPI document: that one is for everybody, and for a stranger these do not
/// exist. Who may call them is decided before they are reached (<see cref="OpsKey" />).
/// </summary>
internal sealed class OpsGroup : Group
{
    public OpsGroup() => Configure("/ops/outbox", endpoint =>
    {
        endpoint.AllowAnonymous();
        endpoint.Description(route => route.ExcludeFromDescription());
    });
}
