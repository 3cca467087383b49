# The built-in functions, for type checkers and editors. Written by scripts/stubs.py: change the catalogue instead.

from collections.abc import Mapping
from typing import Any, Generic, TypeVar, Unpack

from sio_server.client.bodies import PublishOptions
from sio_server.client.field_types import Array, Date, Id, Number
from sio_server.client.shared import HandedOver

__all__ = [
    "notificar_destino_actualizado",
    "notificar_destino_creado",
    "notificar_destino_eliminado",
    "notificar_guia_actualizado",
    "notificar_guia_creado",
    "notificar_guia_eliminado",
    "notificar_recomendacion_creada",
    "notificar_reserva_actualizada",
    "notificar_reserva_cancelada",
    "notificar_reserva_creada",
    "notificar_servicio_actualizado",
    "notificar_servicio_contratado",
    "notificar_servicio_creado",
    "notificar_servicio_eliminado",
    "notificar_test",
    "notificar_tour_actualizado",
    "notificar_tour_creado",
    "notificar_tour_eliminado",
    "notificar_usuario_inicio_sesion",
    "notificar_usuario_registrado",
]

_Returned_co = TypeVar("_Returned_co", covariant=True)

def notificar_test(
    *,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``test``: Shows that notifications arrive."""

def notificar_usuario_registrado(
    *,
    usuario_id: Id | None = None,
    nombre: str | None = None,
    email: str | None = None,
    rol: str | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``usuario_registrado``: Somebody has created an account."""

def notificar_usuario_inicio_sesion(
    *,
    usuario_id: Id | None = None,
    nombre: str | None = None,
    email: str | None = None,
    rol: str | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``usuario_inicio_sesion``: A user has logged in."""

def notificar_reserva_creada(
    *,
    reserva_id: Id | None = None,
    usuario_id: Id | None = None,
    tour_id: Id | None = None,
    tour_nombre: str | None = None,
    fecha: Date | None = None,
    personas: int | None = None,
    total: Number | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``reserva_creada``: A tourist has booked a tour."""

def notificar_reserva_actualizada(
    *,
    reserva_id: Id | None = None,
    usuario_id: Id | None = None,
    tour_id: Id | None = None,
    tour_nombre: str | None = None,
    fecha: Date | None = None,
    personas: int | None = None,
    total: Number | None = None,
    estado: str | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``reserva_actualizada``: A booking has changed."""

def notificar_reserva_cancelada(
    *,
    reserva_id: Id | None = None,
    usuario_id: Id | None = None,
    tour_id: Id | None = None,
    tour_nombre: str | None = None,
    motivo: str | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``reserva_cancelada``: A booking has been cancelled."""

def notificar_servicio_contratado(
    *,
    contrato_id: Id | None = None,
    servicio_id: Id | None = None,
    servicio_nombre: str | None = None,
    usuario_id: Id | None = None,
    fecha: Date | None = None,
    total: Number | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``servicio_contratado``: A tourist has hired a service."""

def notificar_recomendacion_creada(
    *,
    recomendacion_id: Id | None = None,
    usuario_id: Id | None = None,
    titulo: str | None = None,
    destino_id: Id | None = None,
    tour_id: Id | None = None,
    puntuacion: Number | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``recomendacion_creada``: There is a recommendation for a tourist."""

def notificar_tour_creado(
    *,
    tour_id: Id | None = None,
    nombre: str | None = None,
    destino_id: Id | None = None,
    guia_id: Id | None = None,
    precio: Number | None = None,
    cupos: int | None = None,
    fecha: Date | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``tour_creado``: A tour has been published."""

def notificar_tour_actualizado(
    *,
    tour_id: Id | None = None,
    nombre: str | None = None,
    destino_id: Id | None = None,
    guia_id: Id | None = None,
    precio: Number | None = None,
    cupos: int | None = None,
    fecha: Date | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``tour_actualizado``: The details of a tour have changed."""

def notificar_tour_eliminado(
    *,
    tour_id: Id | None = None,
    nombre: str | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``tour_eliminado``: A tour has been withdrawn."""

def notificar_servicio_creado(
    *,
    servicio_id: Id | None = None,
    nombre: str | None = None,
    precio: Number | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``servicio_creado``: One more service is on offer."""

def notificar_servicio_actualizado(
    *,
    servicio_id: Id | None = None,
    nombre: str | None = None,
    precio: Number | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``servicio_actualizado``: The details of a service have changed."""

def notificar_servicio_eliminado(
    *,
    servicio_id: Id | None = None,
    nombre: str | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``servicio_eliminado``: A service has been withdrawn."""

def notificar_destino_creado(
    *,
    destino_id: Id | None = None,
    nombre: str | None = None,
    pais: str | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``destino_creado``: There is one more destination."""

def notificar_destino_actualizado(
    *,
    destino_id: Id | None = None,
    nombre: str | None = None,
    pais: str | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``destino_actualizado``: The details of a destination have changed."""

def notificar_destino_eliminado(
    *,
    destino_id: Id | None = None,
    nombre: str | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``destino_eliminado``: A destination has been withdrawn."""

def notificar_guia_creado(
    *,
    guia_id: Id | None = None,
    nombre: str | None = None,
    idiomas: Array | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``guia_creado``: A guide has been added."""

def notificar_guia_actualizado(
    *,
    guia_id: Id | None = None,
    nombre: str | None = None,
    idiomas: Array | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``guia_actualizado``: The details of a guide have changed."""

def notificar_guia_eliminado(
    *,
    guia_id: Id | None = None,
    nombre: str | None = None,
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Publish ``guia_eliminado``: A guide has been removed."""

class Functions(Generic[_Returned_co]):
    def notificar_test(
        self,
        *,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``test``: Shows that notifications arrive."""

    def notificar_usuario_registrado(
        self,
        *,
        usuario_id: Id | None = None,
        nombre: str | None = None,
        email: str | None = None,
        rol: str | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``usuario_registrado``: Somebody has created an account."""

    def notificar_usuario_inicio_sesion(
        self,
        *,
        usuario_id: Id | None = None,
        nombre: str | None = None,
        email: str | None = None,
        rol: str | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``usuario_inicio_sesion``: A user has logged in."""

    def notificar_reserva_creada(
        self,
        *,
        reserva_id: Id | None = None,
        usuario_id: Id | None = None,
        tour_id: Id | None = None,
        tour_nombre: str | None = None,
        fecha: Date | None = None,
        personas: int | None = None,
        total: Number | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``reserva_creada``: A tourist has booked a tour."""

    def notificar_reserva_actualizada(
        self,
        *,
        reserva_id: Id | None = None,
        usuario_id: Id | None = None,
        tour_id: Id | None = None,
        tour_nombre: str | None = None,
        fecha: Date | None = None,
        personas: int | None = None,
        total: Number | None = None,
        estado: str | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``reserva_actualizada``: A booking has changed."""

    def notificar_reserva_cancelada(
        self,
        *,
        reserva_id: Id | None = None,
        usuario_id: Id | None = None,
        tour_id: Id | None = None,
        tour_nombre: str | None = None,
        motivo: str | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``reserva_cancelada``: A booking has been cancelled."""

    def notificar_servicio_contratado(
        self,
        *,
        contrato_id: Id | None = None,
        servicio_id: Id | None = None,
        servicio_nombre: str | None = None,
        usuario_id: Id | None = None,
        fecha: Date | None = None,
        total: Number | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``servicio_contratado``: A tourist has hired a service."""

    def notificar_recomendacion_creada(
        self,
        *,
        recomendacion_id: Id | None = None,
        usuario_id: Id | None = None,
        titulo: str | None = None,
        destino_id: Id | None = None,
        tour_id: Id | None = None,
        puntuacion: Number | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``recomendacion_creada``: There is a recommendation for a tourist."""

    def notificar_tour_creado(
        self,
        *,
        tour_id: Id | None = None,
        nombre: str | None = None,
        destino_id: Id | None = None,
        guia_id: Id | None = None,
        precio: Number | None = None,
        cupos: int | None = None,
        fecha: Date | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``tour_creado``: A tour has been published."""

    def notificar_tour_actualizado(
        self,
        *,
        tour_id: Id | None = None,
        nombre: str | None = None,
        destino_id: Id | None = None,
        guia_id: Id | None = None,
        precio: Number | None = None,
        cupos: int | None = None,
        fecha: Date | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``tour_actualizado``: The details of a tour have changed."""

    def notificar_tour_eliminado(
        self,
        *,
        tour_id: Id | None = None,
        nombre: str | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``tour_eliminado``: A tour has been withdrawn."""

    def notificar_servicio_creado(
        self,
        *,
        servicio_id: Id | None = None,
        nombre: str | None = None,
        precio: Number | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``servicio_creado``: One more service is on offer."""

    def notificar_servicio_actualizado(
        self,
        *,
        servicio_id: Id | None = None,
        nombre: str | None = None,
        precio: Number | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``servicio_actualizado``: The details of a service have changed."""

    def notificar_servicio_eliminado(
        self,
        *,
        servicio_id: Id | None = None,
        nombre: str | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``servicio_eliminado``: A service has been withdrawn."""

    def notificar_destino_creado(
        self,
        *,
        destino_id: Id | None = None,
        nombre: str | None = None,
        pais: str | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``destino_creado``: There is one more destination."""

    def notificar_destino_actualizado(
        self,
        *,
        destino_id: Id | None = None,
        nombre: str | None = None,
        pais: str | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``destino_actualizado``: The details of a destination have changed."""

    def notificar_destino_eliminado(
        self,
        *,
        destino_id: Id | None = None,
        nombre: str | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``destino_eliminado``: A destination has been withdrawn."""

    def notificar_guia_creado(
        self,
        *,
        guia_id: Id | None = None,
        nombre: str | None = None,
        idiomas: Array | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``guia_creado``: A guide has been added."""

    def notificar_guia_actualizado(
        self,
        *,
        guia_id: Id | None = None,
        nombre: str | None = None,
        idiomas: Array | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``guia_actualizado``: The details of a guide have changed."""

    def notificar_guia_eliminado(
        self,
        *,
        guia_id: Id | None = None,
        nombre: str | None = None,
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> _Returned_co:
        """Publish ``guia_eliminado``: A guide has been removed."""
